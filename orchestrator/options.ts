import type { ElizaPlugin } from '../plugins/contract.ts'

/** A plugin as an object, or by the name of its package or its path. */
export type GivenPlugin = ElizaPlugin | string

export interface ServerConfig {
  readonly enabled: boolean
  /** 0: any free one; text as it comes from the environment. @default SERVER_PORT */
  readonly port?: number | string
  /** Anything but loopback needs ELIZA_SERVER_AUTH_TOKEN. @default SERVER_HOST */
  readonly host?: string
  /** True: web pages of any origin; text: of these. @default CORS_ORIGIN */
  readonly cors?: boolean | string
  /** At most 1,000 requests in 15 minutes of one address, as in ElizaOS. @default false */
  readonly rateLimit?: boolean
}

export interface ClusterConfig {
  /** Worker processes, at least. @default 1 */
  readonly workers?: number
  /** @default false */
  readonly autoScale?: boolean
  /** @default four times `workers` */
  readonly maxWorkers?: number
  /** Share of the machine's processors, from 0 to 1, over which workers are added. @default 0.8 */
  readonly scaleThreshold?: number
}

export interface AgentPoolConfig {
  readonly minAgents: number
  readonly maxAgents: number
  readonly character: unknown
  /** Adds agents under load, and retires idle ones. @default false: `minAgents`, always */
  readonly autoScale?: boolean
  readonly plugins?: readonly GivenPlugin[]
}

export interface ResourceLimits {
  /**
   * Messages that one agent takes in a minute; more are refused with `rate_limited`. With clustering those
   * that plugins bring in are not counted.
   */
  readonly maxRequestsPerMinute?: number
  /** Turns of one agent that run at the same time; others wait in their queue. */
  readonly maxConcurrentRequests?: number
  /** Refused: see docs/orchestrator.md. */
  readonly maxMemoryPerAgent?: string | number
  /** Refused: see docs/orchestrator.md. */
  readonly maxCPUPerAgent?: number
}

export interface PersistenceConfig {
  /** Everything is stored always. False is refused. @default true */
  readonly enabled?: boolean
  /** Accepted, and needless: every step is stored as it happens. */
  readonly checkpointInterval?: number
  /** `manual`: unfinished turns go on with `start`, not with `initialize`. @default 'automatic' */
  readonly recoveryMode?: 'automatic' | 'manual'
}

export interface ElizaOSConfig {
  /** @default 'ElizaOS' */
  readonly name?: string
  /** A `postgres://` address, or the data folder of the embedded database. @default the environment's */
  readonly databaseAdapter?: unknown
  readonly globalPlugins?: readonly GivenPlugin[]
  /** Settings of every agent whose character does not set them. */
  readonly defaultSettings?: Readonly<Record<string, unknown>>
  /** Log level `debug`. @default false */
  readonly debug?: boolean
  readonly serverConfig?: ServerConfig
  /** Of all agents in the database; more are refused. @default any number */
  readonly maxAgents?: number
  /** Turns run in processes of their own. Needs Postgres. @default false */
  readonly clustering?: boolean
  readonly clusterConfig?: ClusterConfig
  readonly agentPools?: Readonly<Record<string, AgentPoolConfig>>
  readonly resourceLimits?: ResourceLimits
  readonly persistence?: PersistenceConfig
  /** Ours: settings by their names in the environment, which they precede. */
  readonly environment?: Readonly<Record<string, string>>
}
