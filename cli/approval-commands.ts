import type { CommandSpec } from './command-specs.ts'

const FLAGS = ['api-url', 'api-key', 'port', 'host', 'data-dir'] as const

/** Part of `COMMANDS`: who agrees to what an agent does. */
export const APPROVAL_COMMANDS = {
  'approval list': {
    summary: 'List actions that wait for approval.',
    details: 'Asks a running API.',
    flags: [...FLAGS, 'all', 'agent', 'before', 'json'],
    positionals: [],
    examples: ['turnkeeper approval list', 'turnkeeper approval list --all --json'],
    exits: ['unreachable'],
    serves: false,
  },
  'approval show': {
    summary: 'Show what is asked, and who answered what when.',
    details: 'Asks a running API.',
    flags: [...FLAGS, 'json'],
    positionals: ['id'],
    examples: ['turnkeeper approval show 0b8e…'],
    exits: ['unreachable', 'notFound'],
    serves: false,
  },
  'approval approve': {
    summary: 'Let an action happen; its turn goes on.',
    details: 'The first answer stands. The name of the system’s user is kept with it.',
    flags: [...FLAGS, 'comment', 'json'],
    positionals: ['id'],
    examples: ['turnkeeper approval approve 0b8e…'],
    exits: ['unreachable', 'notFound'],
    serves: false,
  },
  'approval deny': {
    summary: 'Refuse an action; its turn goes on and says so.',
    details: 'The first answer stands. The name of the system’s user is kept with it.',
    flags: [...FLAGS, 'comment', 'json'],
    positionals: ['id'],
    examples: ['turnkeeper approval deny 0b8e… --comment expensive'],
    exits: ['unreachable', 'notFound'],
    serves: false,
  },
} as const satisfies Record<string, CommandSpec>
