import type { CommandSpec } from './command-specs.ts'

const FLAGS = ['api-url', 'api-key', 'port', 'host', 'data-dir', 'agent', 'json'] as const

const OF_AGENT = 'Of the first active agent, unless --agent names one. Asks a running API.'

/** Part of `COMMANDS`: what agents do by themselves. */
export const TASK_COMMANDS = {
  'task list': {
    summary: 'List an agent’s tasks, and how each went last.',
    details: OF_AGENT,
    flags: FLAGS,
    positionals: [],
    examples: ['turnkeeper task list', 'turnkeeper task list --agent Ada --json'],
    exits: ['unreachable', 'notFound'],
    serves: false,
  },
  'task show': {
    summary: 'Show a task and its runs.',
    details: OF_AGENT,
    flags: FLAGS,
    positionals: ['id'],
    examples: ['turnkeeper task show 0b8e…'],
    exits: ['unreachable', 'notFound'],
    serves: false,
  },
  'task run': {
    summary: 'Run a task now, unless a run of it goes on.',
    details: OF_AGENT,
    flags: FLAGS,
    positionals: ['id'],
    examples: ['turnkeeper task run 0b8e…'],
    exits: ['unreachable', 'notFound'],
    serves: false,
  },
  'task cancel': {
    summary: 'Delete a task; it does not run any more.',
    details: OF_AGENT,
    flags: FLAGS,
    positionals: ['id'],
    examples: ['turnkeeper task cancel 0b8e…'],
    exits: ['unreachable', 'notFound'],
    serves: false,
  },
} as const satisfies Record<string, CommandSpec>
