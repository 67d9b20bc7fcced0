import { APPROVAL_COMMANDS } from './approval-commands.ts'
import { MODEL_COMMANDS } from './models-commands.ts'
import { PLUGIN_COMMANDS, PLUGIN_FLAGS } from './plugin-commands.ts'
import { SPENDING_COMMANDS, SPENDING_FLAGS } from './spending-commands.ts'
import { TASK_COMMANDS } from './task-commands.ts'

/** A flag as the command line knows it. */
export interface FlagSpec {
  readonly type: 'boolean' | 'string'
  /** What stands in the help for the value. */
  readonly placeholder?: string
  readonly description: string
  /** Takes every word up to the next flag. */
  readonly takesSeveral?: boolean
  /** Shown and typed as `--no-<name>`. */
  readonly isNegative?: boolean
}

export const FLAGS = {
  port: { type: 'string', placeholder: '<number>', description: 'Port of the API (SERVER_PORT).' },
  host: { type: 'string', placeholder: '<name>', description: 'Address to bind to (SERVER_HOST).' },
  'data-dir': {
    type: 'string',
    placeholder: '<folder>',
    description: 'Folder of everything that is kept (TURNKEEPER_DATA_DIR).',
  },
  'log-level': {
    type: 'string',
    placeholder: '<level>',
    description: 'trace, debug, info, warn, error, fatal or silent (LOG_LEVEL).',
  },
  'api-url': {
    type: 'string',
    placeholder: '<address>',
    description: 'Where the API is (TURNKEEPER_API_URL).',
  },
  'api-key': {
    type: 'string',
    placeholder: '<key>',
    description:
      'Key of the API. Others can see it in the process list: prefer ELIZA_SERVER_AUTH_TOKEN.',
  },
  character: {
    type: 'string',
    placeholder: '<file> …',
    description: 'Character files, instead of the characters/ folder or of the agent’s own.',
    takesSeveral: true,
  },
  chat: {
    type: 'boolean',
    description: 'Only serve, also on a terminal.',
    isNegative: true,
  },
  agent: {
    type: 'string',
    placeholder: '<name>',
    description: 'Agent to talk to, by name or id; for a list, its id.',
  },
  model: {
    type: 'string',
    placeholder: '<name>',
    description: 'Model that answers instead of the agent’s own.',
  },
  from: {
    type: 'string',
    placeholder: '<step>',
    description: 'Step to begin with: shouldRespond, compose, decide, runAction:<n>, settle.',
  },
  all: { type: 'boolean', description: 'Also those that were answered.' },
  keep: { type: 'boolean', description: 'What it has said so far stays as its reply.' },
  json: { type: 'boolean', description: 'Print JSON, for scripts.' },
  prompt: { type: 'boolean', description: 'Print the prompts that were sent to models as well.' },
  ramp: {
    type: 'string',
    placeholder: '<percent>',
    description: 'Only this part of the new turns.',
  },
  force: { type: 'boolean', description: 'Also when no worker of it polls.' },
  state: {
    type: 'string',
    placeholder: '<state>',
    description: 'open (default), retried, skipped or all.',
  },
  before: {
    type: 'string',
    placeholder: '<cursor>',
    description: 'The next page, as the one before names it.',
  },
  text: {
    type: 'string',
    placeholder: '<text>',
    description: 'What the message says from now on; the first text is kept beside it.',
  },
  comment: { type: 'string', placeholder: '<text>', description: 'Why, for whoever looks later.' },
  ...SPENDING_FLAGS,
  ...PLUGIN_FLAGS,
  help: { type: 'boolean', description: 'Show this help.' },
  version: { type: 'boolean', description: 'Show the version.' },
} as const satisfies Record<string, FlagSpec>
export type FlagName = keyof typeof FLAGS

export interface CommandSpec {
  readonly summary: string
  /** What it does, for its own help. */
  readonly details: string
  readonly flags: readonly FlagName[]
  /** Names of the words it needs; those that end in `?` may be left out. */
  readonly positionals: readonly string[]
  readonly examples: readonly string[]
  readonly exits: readonly ('unreachable' | 'notFound' | 'notDeterministic')[]
  /** It runs agents, so the configuration must be safe to serve with. */
  readonly serves: boolean
}

const SERVER_FLAGS = ['port', 'host', 'api-key', 'log-level'] as const
const CLIENT_FLAGS = ['api-url', 'api-key', 'port', 'host', 'data-dir'] as const
const turnsExit = ['unreachable', 'notFound'] as const

export const COMMANDS = {
  dev: {
    summary: 'Run everything in one process, with a chat on a terminal.',
    details:
      'API, Worker, embedded Postgres and a Temporal dev server. What it keeps is in the data folder.',
    flags: [...SERVER_FLAGS, 'data-dir', 'character', 'chat'],
    positionals: [],
    examples: ['turnkeeper dev', 'turnkeeper dev --character ada.json bob.json --port 4000'],
    exits: ['unreachable'],
    serves: true,
  },
  api: {
    summary: 'Serve the API. Needs POSTGRES_URL.',
    details: 'Accepts messages and answers requests; the turns themselves run in workers.',
    flags: [...SERVER_FLAGS, 'data-dir', 'character'],
    positionals: [],
    examples: ['POSTGRES_URL=postgres://… SECRET_SALT=… turnkeeper api --port 3000'],
    exits: ['unreachable'],
    serves: true,
  },
  worker: {
    summary: 'Run turns. Needs POSTGRES_URL.',
    details: 'Any number of them may run beside each other.',
    flags: ['data-dir', 'log-level', 'character'],
    positionals: [],
    examples: ['POSTGRES_URL=postgres://… TEMPORAL_ADDRESS=temporal:7233 turnkeeper worker'],
    exits: ['unreachable'],
    serves: true,
  },
  migrate: {
    summary: "Bring the database's schema up to date.",
    details:
      'Safe to run from several places at once. A schema newer than this program is refused.',
    flags: ['data-dir', 'log-level'],
    positionals: [],
    examples: ['POSTGRES_URL=postgres://… turnkeeper migrate'],
    exits: ['unreachable'],
    serves: false,
  },
  chat: {
    summary: 'Talk to an agent of a running API.',
    details:
      'Reopens the last conversation. Without a terminal it reads a message per line and prints the answers.',
    flags: [...CLIENT_FLAGS, 'agent'],
    positionals: [],
    examples: ['turnkeeper chat', "echo 'Hello' | turnkeeper chat --agent Ada"],
    exits: turnsExit,
    serves: false,
  },
  config: {
    summary: 'Show every setting, where its value comes from, and slips in names.',
    details: 'Secrets are masked.',
    flags: [...CLIENT_FLAGS, 'log-level', 'json'],
    positionals: [],
    examples: ['turnkeeper config', 'turnkeeper config --json'],
    exits: [],
    serves: false,
  },
  doctor: {
    summary: 'Check what Turnkeeper needs, and say what to do.',
    details: 'Changes nothing and downloads nothing.',
    flags: [...CLIENT_FLAGS, 'json'],
    positionals: [],
    examples: ['turnkeeper doctor', 'turnkeeper doctor --json'],
    exits: [],
    serves: false,
  },
  'turn show': {
    summary: 'Show what a turn did: steps, times, model calls, cost.',
    details: 'Asks a running API.',
    flags: [...CLIENT_FLAGS, 'prompt', 'json'],
    positionals: ['id'],
    examples: ['turnkeeper turn show 0b8e… --prompt'],
    exits: turnsExit,
    serves: false,
  },
  'turn cancel': {
    summary: 'Tell a turn to stop; of one that has ended, take back what was not sent yet.',
    details: 'What it has said so far is no message, unless --keep. The first request decides.',
    flags: [...CLIENT_FLAGS, 'keep', 'json'],
    positionals: ['id'],
    examples: ['turnkeeper turn cancel 0b8e…', 'turnkeeper turn cancel 0b8e… --keep'],
    exits: turnsExit,
    serves: false,
  },
  'turn fork': {
    summary: 'Run a turn again elsewhere, and show what comes out differently.',
    details:
      'In a shadow room: nothing is sent, and no action with an effect is carried out. Model calls cost.',
    flags: [...CLIENT_FLAGS, 'model', 'character', 'from', 'json'],
    positionals: ['id'],
    examples: [
      'turnkeeper turn fork 0b8e… --from decide --model gpt-5.4-mini',
      'turnkeeper turn fork 0b8e… --character ada.json',
    ],
    exits: turnsExit,
    serves: false,
  },
  'turn diff': {
    summary: 'Show what a fork did differently, once it has ended.',
    details: 'Takes the id of the fork, not of the turn that it runs again.',
    flags: [...CLIENT_FLAGS, 'json'],
    positionals: ['id'],
    examples: ['turnkeeper turn diff 5f21…'],
    exits: turnsExit,
    serves: false,
  },
  'turn replay': {
    summary: "Replay a turn's history against the code of today.",
    details: 'Fetches the history from a running API. Calls no model and writes nothing.',
    flags: [...CLIENT_FLAGS, 'json'],
    positionals: ['id'],
    examples: ['turnkeeper turn replay 0b8e…'],
    exits: ['unreachable', 'notFound', 'notDeterministic'],
    serves: false,
  },
  'deployment show': {
    summary: 'Show which builds run turns, and which may be stopped.',
    details: 'Asks Temporal (TEMPORAL_ADDRESS) about the workers with a TURNKEEPER_BUILD_ID.',
    flags: [],
    positionals: [],
    examples: ['TEMPORAL_ADDRESS=temporal:7233 turnkeeper deployment show'],
    exits: ['unreachable', 'notFound'],
    serves: false,
  },
  'deployment promote': {
    summary: 'Send new turns to a build. Also the way back.',
    details: 'Turns that run stay on their build, whose workers must live until they have ended.',
    flags: ['ramp', 'force'],
    positionals: ['build'],
    examples: ['turnkeeper deployment promote v2', 'turnkeeper deployment promote v2 --ramp 10'],
    exits: ['unreachable', 'notFound'],
    serves: false,
  },
  'dead-letter list': {
    summary: 'List turns that ended badly, newest first.',
    details: 'Those that wait for somebody, unless another --state is asked for.',
    flags: [...CLIENT_FLAGS, 'state', 'agent', 'before', 'json'],
    positionals: [],
    examples: ['turnkeeper dead-letter list', 'turnkeeper dead-letter list --state all --json'],
    exits: ['unreachable'],
    serves: false,
  },
  'dead-letter show': {
    summary: 'Show the message, why its turn ended badly, and what was done.',
    details: 'Asks a running API.',
    flags: [...CLIENT_FLAGS, 'json'],
    positionals: ['id'],
    examples: ['turnkeeper dead-letter show 0b8e…'],
    exits: turnsExit,
    serves: false,
  },
  'dead-letter retry': {
    summary: 'Run the turn again, at the tail of its room.',
    details: 'With new model calls and a fresh deadline. Its apology is not said twice.',
    flags: [...CLIENT_FLAGS, 'text', 'comment', 'json'],
    positionals: ['id'],
    examples: [
      'turnkeeper dead-letter retry 0b8e…',
      'turnkeeper dead-letter retry 0b8e… --text Hello? --comment typo',
    ],
    exits: turnsExit,
    serves: false,
  },
  'dead-letter skip': {
    summary: 'Close it: nothing more is to be done.',
    details: 'The turn stays as it ended.',
    flags: [...CLIENT_FLAGS, 'comment', 'json'],
    positionals: ['id'],
    examples: ['turnkeeper dead-letter skip 0b8e… --comment test'],
    exits: turnsExit,
    serves: false,
  },
  ...APPROVAL_COMMANDS,
  ...{ ...MODEL_COMMANDS, ...SPENDING_COMMANDS, ...TASK_COMMANDS },
  ...PLUGIN_COMMANDS,
} as const satisfies Record<string, CommandSpec>
export type CommandName = keyof typeof COMMANDS

export const commandSpec = (name: CommandName): CommandSpec => COMMANDS[name]
export const flagSpec = (name: FlagName): FlagSpec => FLAGS[name]
