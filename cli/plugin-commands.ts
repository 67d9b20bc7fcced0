import type { CommandSpec, FlagSpec } from './command-specs.ts'

/** Part of `FLAGS`. */
export const PLUGIN_FLAGS = {
  yes: { type: 'boolean', description: 'Go ahead without asking.' },
  'allow-scripts': {
    type: 'boolean',
    description: 'Let packages run their install scripts: code of strangers, with your rights.',
  },
  timeout: {
    type: 'string',
    placeholder: '<seconds>',
    description: 'What one test may take; 30 unless given.',
  },
} as const satisfies Record<string, FlagSpec>

/** Part of `COMMANDS`: what a character names in `plugins`. */
export const PLUGIN_COMMANDS = {
  'plugin add': {
    summary: 'Install a plugin from npm, for the agents of this data folder.',
    details:
      "Says what it will install and asks. 'knowledge' means '@elizaos/plugin-knowledge'; also a folder or a .tgz file.",
    flags: ['data-dir', 'yes', 'allow-scripts'],
    positionals: ['name'],
    examples: [
      'turnkeeper plugin add @elizaos/plugin-knowledge',
      'turnkeeper plugin add turnkeeper-plugin-weather@1.2.0 --yes',
    ],
    exits: ['notFound'],
    serves: false,
  },
  'plugin list': {
    summary: 'Show which plugins are installed, and which agents use them.',
    details: 'Of this data folder. Who uses them is shown when the API answers.',
    flags: ['api-url', 'api-key', 'port', 'host', 'data-dir', 'json'],
    positionals: [],
    examples: ['turnkeeper plugin list', 'turnkeeper plugin list --json'],
    exits: [],
    serves: false,
  },
  'plugin remove': {
    summary: 'Remove a plugin that was installed.',
    details: 'What agents stored with it stays. Agents that run keep it until they are restarted.',
    flags: ['data-dir'],
    positionals: ['name'],
    examples: ['turnkeeper plugin remove @elizaos/plugin-knowledge'],
    exits: ['notFound'],
    serves: false,
  },
  'create plugin': {
    summary: 'Make the folder of a new plugin, with its tests.',
    details: 'In the folder plugin-<name>, which must not exist yet.',
    flags: [],
    positionals: ['name'],
    examples: ['turnkeeper create plugin weather'],
    exits: [],
    serves: false,
  },
  test: {
    summary: 'Run the tests that a plugin brings.',
    details:
      'Each suite with a fresh agent in memory, whose own models are stubs: no key of a vendor is used.',
    flags: ['data-dir', 'log-level', 'timeout'],
    positionals: ['path?'],
    examples: ['turnkeeper test', 'turnkeeper test ./plugin-weather --timeout 5'],
    exits: ['notFound'],
    serves: false,
  },
} as const satisfies Record<string, CommandSpec>
