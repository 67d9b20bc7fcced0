/** "Who may import whom", row by row. Loosening a row is a decision: it gets a page in docs/decisions. */
export interface Row {
  /** Folders (or files) of ours whose values may be imported; the own folder always may. */
  readonly values: readonly string[]
  /** Folders whose types may be imported besides those of `values`. @default every folder but `bin` */
  readonly types?: readonly string[]
  /** Packages, for values and for types. `'*'`: any. `node:` modules: see `NO_NODE_MODULES`. */
  readonly packages: readonly string[]
}

const NOTHING: readonly string[] = []

export const TABLE: Readonly<Record<string, Row>> = {
  schema: { values: NOTHING, types: NOTHING, packages: ['zod', 'kysely', 'fastest-levenshtein'] },
  agent: { values: ['schema'], packages: ['handlebars'] },
  memory: { values: ['schema', 'agent'], packages: ['kysely', 'pgvector'] },
  turns: { values: ['schema', 'agent', 'memory'], packages: ['kysely'] },
  streams: { values: ['schema', 'agent'], packages: ['pg'] },
  models: {
    values: ['schema', 'agent'],
    packages: ['openai', '@anthropic-ai/sdk', '@google/genai', 'ollama', 'gpt-tokenizer'],
  },
  // Foreign code runs here; what it reaches of ours comes through ports.
  plugins: { values: ['schema', 'agent'], packages: ['zod'] },
  tasks: { values: ['schema', 'agent', 'memory'], packages: ['kysely'] },
  limits: { values: ['schema', 'agent'], packages: ['kysely', 'cockatiel'] },
  connectors: { values: ['schema', 'agent'], packages: ['discord.js', 'telegraf'] },
  activities: {
    values: ['schema', 'agent'],
    packages: ['@temporalio/activity', '@temporalio/common'],
  },
  workflows: { values: NOTHING, packages: ['@temporalio/workflow'] },
  temporal: {
    values: ['schema', 'agent'],
    packages: [
      '@temporalio/client',
      '@temporalio/common',
      '@temporalio/worker#NativeConnection',
      '@temporalio/envconfig',
      'zod',
    ],
  },
  workers: {
    values: ['activities', 'temporal', 'turns/sweep.ts', 'agent', 'schema'],
    packages: [
      '@temporalio/worker',
      '@temporalio/common',
      '@temporalio/workflow#DeterminismViolationError',
    ],
  },
  api: {
    values: ['schema', 'agent'],
    packages: ['hono', '@hono/zod-openapi', '@hono/node-server', 'socket.io'],
  },
  web: { values: ['schema'], types: ['api'], packages: ['*'] },
  cli: { values: ['schema'], types: ['api'], packages: ['*'] },
  database: { values: ['schema'], packages: ['kysely', 'pg', '@electric-sql/*'] },
  observability: { values: ['schema', 'agent'], packages: ['pino', 'pino-pretty', 'prom-client'] },
  bin: { values: ['*'], packages: ['*'] },
  bench: { values: ['*'], packages: ['*'] },
  // The house within a program of somebody's own: decision 13.
  orchestrator: { values: ['*'], packages: ['*'] },
  deploy: { values: NOTHING, packages: ['@temporalio/client', '@temporalio/envconfig'] },
}

/** Folders that only the composition root, the benchmarks and the tests may import, types included. */
export const ONLY_FOR_THE_ROOT: readonly string[] = [
  'bin',
  'bench',
  'test',
  'database',
  'observability',
]
export const ROOTS: readonly string[] = ['bin', 'bench', 'orchestrator']

/** Workflow code is replayed: even the clock of the machine would make a second run differ. */
export const NO_NODE_MODULES: readonly string[] = ['workflows', 'web']

export const MAX_FILE_LINES = 300
export const MAX_WORKFLOW_FILE_LINES = 150
/** Lines between the braces; a nested function counts in its parent too. */
export const MAX_FUNCTION_LINES = 60

/** A migration is a list of SQL statements: it grows with the schema and is never edited afterwards. */
export const FREE_OF_SIZES: readonly string[] = ['schema/migrations/']

export const MAY_WRITE_TO_CONSOLE: readonly string[] = ['cli/', 'api/errors.ts']

/** The only files whose whole content may be what others export. */
export const BARRELS: readonly string[] = [
  'workflows/index.ts',
  'activities/index.ts',
  'orchestrator/index.ts',
]

/** Words that say nothing about what is inside. */
export const EMPTY_WORDS: readonly string[] = [
  'util',
  'utils',
  'helper',
  'helpers',
  'common',
  'manager',
  'managers',
  'base',
]
