import { z } from 'zod'
import { BUDGETS_EXPECTED, budgetsText } from './budget.ts'
import { byteSize } from './byte-size.ts'
import { hostNames } from './host-names.ts'
import { LOG_LEVELS, logLevel } from './log-level.ts'

/** What the reader of a setting needs: its name outside, what it does, and what may be written. */
export interface SettingMeta {
  /** Name in the environment and in `.env`. ElizaOS's name where it has one. */
  readonly env: string
  readonly description: string
  /** Completes the sentence "expected …" of an error. */
  readonly expected: string
  /** The command line's word for it, without dashes. */
  readonly flag?: string
  /** Shown as asterisks. */
  readonly isSecret?: boolean
  /** What stands for a value that is unset and has no fixed default. */
  readonly unset?: string
}

/** Descriptions of the members of `configSchema`. */
export const settingMeta = z.registry<SettingMeta>()

const whole = (min: number, max: number) =>
  z.string().regex(/^\d+$/).transform(Number).pipe(z.number().min(min).max(max))

const HOUR_MS = 3_600_000
/** A time in milliseconds with the words of its error. */
function duration(env: string, byDefault: string, description: string, minMs = 1) {
  const expected = `whole milliseconds from ${minMs} to ${24 * HOUR_MS}`
  const schema = whole(minMs, 24 * HOUR_MS).prefault(byDefault)
  return schema.register(settingMeta, { env, description, expected })
}

function words(
  description: Omit<SettingMeta, 'expected'> & { readonly expected?: string },
  pattern = /(?:)/,
) {
  const schema = z.string().regex(pattern).optional()
  return schema.register(settingMeta, { expected: 'any text', ...description })
}

const webUrl = (meta: Omit<SettingMeta, 'expected'>) =>
  z
    .url({ protocol: /^https?$/ })
    .optional()
    .register(settingMeta, { expected: 'an address that starts with http:// or https://', ...meta })

const list = z.string().transform((text) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== ''),
)

/**
 * The whole configuration. Every member is read from text, since that is what flags, the environment
 * and `.env` hold. Times are milliseconds, sizes bytes.
 */
export const configSchema = z.object({
  serverPort: whole(0, 65535).prefault('3000').register(settingMeta, {
    env: 'SERVER_PORT',
    flag: 'port',
    description:
      'Port of the API. The next free one is taken when it is in use and not set by you.',
    expected: 'a whole number from 0 (any free port) to 65535',
  }),
  serverHost: z.string().prefault('127.0.0.1').register(settingMeta, {
    env: 'SERVER_HOST',
    flag: 'host',
    description:
      'Address the API listens on. Any other than loopback needs ELIZA_SERVER_AUTH_TOKEN.',
    expected: 'a host name or an IP address',
  }),
  authToken: words({
    env: 'ELIZA_SERVER_AUTH_TOKEN',
    flag: 'api-key',
    description: 'Key that callers of the API send as X-API-KEY, and that our own commands send.',
    isSecret: true,
    unset: 'no key is asked for',
  }),
  corsOrigin: words({
    env: 'CORS_ORIGIN',
    description: 'Origin of web pages that may call the API.',
    unset: 'no web page may',
  }),
  allowedHosts: list.prefault('').register(settingMeta, {
    env: 'TURNKEEPER_ALLOWED_HOSTS',
    description: 'Host names, comma-separated, under which the API may be called besides its own.',
    expected: 'host names separated by commas',
  }),
  maxBodyBytes: byteSize.prefault('2mb').register(settingMeta, {
    env: 'EXPRESS_MAX_PAYLOAD',
    description: 'Largest body of a request.',
    expected: 'a size of at least 1kb, like 500kb or 2mb',
  }),
  mediaHosts: list.pipe(hostNames).prefault('').register(settingMeta, {
    env: 'TURNKEEPER_MEDIA_HOSTS',
    description: 'Hosts, comma-separated, whose attachments are fetched although not public.',
    expected: 'host names or IP addresses without ports, separated by commas',
  }),
  pluginDataLoss: list.prefault('').register(settingMeta, {
    env: 'TURNKEEPER_PLUGIN_DATA_LOSS',
    description: 'Plugins, comma-separated, whose new tables may lose what the old ones hold.',
    expected: 'names of plugins, separated by commas',
  }),
  apiUrl: webUrl({
    env: 'TURNKEEPER_API_URL',
    flag: 'api-url',
    description: 'Where chat, turn and doctor find the API.',
    unset: 'the running dev of this data folder, else SERVER_HOST and SERVER_PORT',
  }),
  postgresUrl: words(
    {
      env: 'POSTGRES_URL',
      description: 'Postgres with pgvector. Needed by api and worker, and goes with SECRET_SALT.',
      expected: 'an address that starts with postgres:// or postgresql://',
      unset: 'embedded PGlite in the data folder',
    },
    /^postgres(ql)?:\/\/\S+$/,
  ),
  postgresPool: whole(2, 1000).prefault('10').register(settingMeta, {
    env: 'TURNKEEPER_POSTGRES_POOL',
    description: 'Connections to Postgres per process.',
    expected: 'a whole number from 2 to 1000',
  }),
  secretSalt: words({
    env: 'SECRET_SALT',
    description:
      'Encrypts the secrets of characters. The same in every process, and never changed.',
    isSecret: true,
    unset: 'a key made once in the data folder',
  }),
  logLevel: logLevel.prefault('info').register(settingMeta, {
    env: 'LOG_LEVEL',
    flag: 'log-level',
    description: 'Least level that is logged.',
    expected: `one of ${Object.keys(LOG_LEVELS).join(', ')}`,
  }),
  logContent: z.stringbool().prefault('false').register(settingMeta, {
    env: 'LOG_CONTENT',
    description: 'Whether the text of messages may appear in logs.',
    expected: 'true or false',
  }),
  decision: z.literal(['xml', 'tools']).prefault('xml').register(settingMeta, {
    env: 'TURNKEEPER_DECISION',
    description: 'How models choose actions: in XML, or by tools where they have them.',
    expected: 'xml or tools',
  }),
  useMultiStep: z.stringbool().prefault('false').register(settingMeta, {
    env: 'USE_MULTI_STEP',
    description: 'Whether models decide step by step, unless a character says otherwise.',
    expected: 'true or false',
  }),
  breakerFailures: whole(0, 1_000).prefault('5').register(settingMeta, {
    env: 'TURNKEEPER_BREAKER_FAILURES',
    description: 'Failed calls in a row after which a model is left alone for a while; 0: never.',
    expected: 'a whole number from 0 to 1000',
  }),
  budgets: budgetsText.prefault('[]').register(settingMeta, {
    env: 'TURNKEEPER_BUDGETS',
    description: 'Budgets of every agent, as JSON. An agent may have more of its own.',
    expected: BUDGETS_EXPECTED,
  }),
  elizaTypingMs: whole(0, 10_000).optional().register(settingMeta, {
    env: 'ELIZA_TYPING_MS',
    description: 'Milliseconds the built-in ELIZA takes per word.',
    expected: 'whole milliseconds from 0 to 10000',
    unset: '40 on a terminal, else 0',
  }),
  temporalAddress: words({
    env: 'TEMPORAL_ADDRESS',
    description:
      "Temporal's frontend as host:port. The other TEMPORAL_* names of its SDK hold too.",
    unset: 'a dev server is found and started by dev',
  }),
  temporalNamespace: words({
    env: 'TEMPORAL_NAMESPACE',
    description: 'Namespace in Temporal.',
    unset: 'default',
  }),
  temporalUiUrl: webUrl({
    env: 'TURNKEEPER_TEMPORAL_UI_URL',
    description: "Temporal's Web UI, for links to turns.",
    unset: "the dev server's own, else no links",
  }),
  taskQueue: z.string().prefault('turnkeeper').register(settingMeta, {
    env: 'TURNKEEPER_TASK_QUEUE',
    description: 'Task Queue of the turns.',
    expected: 'a name',
  }),
  buildId: words(
    {
      env: 'TURNKEEPER_BUILD_ID',
      description: 'Name of this build of the code. A turn stays on the build that began it.',
      expected: 'up to 128 letters, digits, dots, dashes, underscores and plus signs',
      unset: 'unversioned',
    },
    /^[A-Za-z0-9][\w.+-]{0,127}$/,
  ),
  dataDir: z.string().prefault('.turnkeeper').register(settingMeta, {
    env: 'TURNKEEPER_DATA_DIR',
    flag: 'data-dir',
    description: 'Folder of everything that dev and chat keep.',
    expected: 'a path',
  }),
  turnDeadlineMs: duration(
    'TURNKEEPER_TURN_DEADLINE_MS',
    '300000',
    'From accepting a message to giving up on it, waiting in the queue included.',
    1000,
  ),
  approvalDeadlineMs: duration(
    'TURNKEEPER_APPROVAL_DEADLINE_MS',
    '86400000',
    'How long an action may wait for its approval.',
    1000,
  ),
  httpWaitMs: duration(
    'TURNKEEPER_HTTP_WAIT_MS',
    '60000',
    'How long a request waits for the reply before it gets 202 with the id of the turn.',
  ),
  graceMs: duration(
    'TURNKEEPER_GRACE_MS',
    '10000',
    'What a turn past its deadline gets to end by itself.',
  ),
  drainMs: duration(
    'TURNKEEPER_DRAIN_MS',
    '10000',
    'How long running steps may take to finish at shutdown.',
  ),
  workflowTaskTimeoutMs: duration(
    'TURNKEEPER_WORKFLOW_TASK_TIMEOUT_MS',
    '5000',
    'Silence of a Worker in a Workflow Task before another one takes over.',
    1000,
  ),
  heartbeatTimeoutMs: duration(
    'TURNKEEPER_HEARTBEAT_TIMEOUT_MS',
    '3000',
    'Silence of a step before it is given to another Worker.',
    500,
  ),
  heartbeatThrottleMs: duration(
    'TURNKEEPER_HEARTBEAT_THROTTLE_MS',
    '500',
    'Least time between two heartbeats. Also how late a cancel is heard.',
    50,
  ),
  agentTurns: whole(0, 10_000).prefault('0').register(settingMeta, {
    env: 'TURNKEEPER_AGENT_TURNS',
    description: 'Turns of one agent that run at the same time; 0: any number.',
    expected: 'a whole number from 0 to 10000',
  }),
  unknownSends: z.literal(['repeat', 'drop']).prefault('repeat').register(settingMeta, {
    env: 'TURNKEEPER_UNKNOWN_SENDS',
    description: 'Whether a message is sent again that was cut off where the platform cannot tell.',
    expected: 'repeat or drop',
  }),
  sweepIntervalMs: duration(
    'TURNKEEPER_SWEEP_INTERVAL_MS',
    '5000',
    'Between two looks for turns that nobody runs.',
    100,
  ),
})

/** The configuration of a process, checked. */
export type Config = Readonly<z.output<typeof configSchema>> & {
  /** Every `TEMPORAL_*` of environment and `.env`, for `@temporalio/envconfig`'s `overrideEnvVars`. */
  readonly temporalEnv: Readonly<Record<string, string>>
  /** Every `CHARACTER.<NAME>.<KEY>`: secrets of characters. */
  readonly characterEnv: Readonly<Record<string, string>>
  /** Everything else of environment and `.env`, and the keys of models: what plugins may read. */
  readonly pluginEnv: Readonly<Record<string, string>>
  /** What is set of `modelSettings`, by its name in the environment. */
  readonly modelSettings: Readonly<Record<string, string>>
}

export type SettingSource = 'flag' | 'environment' | '.env' | 'default'

/** One line of `turnkeeper config`. */
export interface ConfigEntry {
  readonly name: string
  /** As written, secrets masked; for an unset one what stands in its place, in parentheses. */
  readonly value: string
  readonly source: SettingSource
  readonly description: string
  readonly isSecret: boolean
}

export interface LoadedConfig {
  readonly config: Config
  readonly entries: readonly ConfigEntry[]
  /** Names that look like ours and are not, with the nearest that is. */
  readonly warnings: readonly string[]
}
