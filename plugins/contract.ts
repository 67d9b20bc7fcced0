import type { Runtime } from './runtime.ts'

/**
 * ElizaOS's plugin contract as packages are written against it (core 1.7, elizaos.md 5.2): structural,
 * so that members made with any copy of `@elizaos/core` fit. Nothing here is trusted: `host/` looks at
 * each value before it is used.
 */
export interface ElizaPlugin {
  readonly name: string
  readonly description?: string
  readonly init?: (config: Record<string, string>, runtime: Runtime) => unknown
  readonly config?: Readonly<Record<string, unknown>>
  readonly actions?: readonly ElizaAction[]
  readonly providers?: readonly ElizaProvider[]
  readonly evaluators?: readonly ElizaEvaluator[]
  readonly services?: readonly ElizaServiceClass[]
  readonly models?: Readonly<Record<string, ElizaModelHandler>>
  readonly events?: Readonly<Record<string, readonly ElizaEventHandler[]>>
  readonly routes?: readonly ElizaRoute[]
  /** drizzle tables. */
  readonly schema?: unknown
  readonly componentTypes?: readonly ElizaComponentType[]
  readonly tests?: readonly ElizaTestSuite[]
  readonly dependencies?: readonly string[]
  readonly testDependencies?: readonly string[]
  readonly priority?: number
  readonly adapter?: unknown
  /** Ours: what it may reach. @default what its kind of trust allows */
  readonly permissions?: unknown
}

export interface ElizaContent {
  text?: string
  thought?: string
  actions?: string[]
  providers?: string[]
  source?: string
  target?: unknown
  url?: string
  inReplyTo?: string
  attachments?: unknown[]
  channelType?: string
  [key: string]: unknown
}

export interface ElizaMemory {
  id?: string
  entityId: string
  agentId?: string
  createdAt?: number
  content: ElizaContent
  embedding?: number[]
  roomId: string
  worldId?: string
  unique?: boolean
  similarity?: number
  metadata?: Record<string, unknown>
}

export interface ElizaState {
  values: Record<string, unknown>
  data: Record<string, unknown>
  text: string
  [key: string]: unknown
}

export type ElizaCallback = (content: ElizaContent, files?: unknown) => Promise<ElizaMemory[]>

export interface ElizaAction {
  readonly name: string
  readonly description?: string
  readonly similes?: readonly string[]
  readonly examples?: unknown
  /** Ours, of `defineAction`: what repeating the handler does to the world. @default 'once' */
  readonly effect?: 'none' | 'idempotent' | 'once'
  /** Of ElizaOS 2.x, or a Standard Schema (https://standardschema.dev). */
  readonly parameters?: unknown
  readonly validate?: (runtime: Runtime, message: ElizaMemory, state?: ElizaState) => unknown
  readonly handler: (
    runtime: Runtime,
    message: ElizaMemory,
    state?: ElizaState,
    options?: Record<string, unknown>,
    callback?: ElizaCallback,
    responses?: ElizaMemory[],
  ) => unknown
  readonly [key: string]: unknown
}

export interface ElizaProvider {
  readonly name: string
  readonly description?: string
  readonly dynamic?: boolean
  readonly private?: boolean
  readonly position?: number
  readonly get: (runtime: Runtime, message: ElizaMemory, state: ElizaState) => unknown
}

export interface ElizaEvaluator {
  readonly name: string
  readonly description?: string
  readonly similes?: readonly string[]
  readonly alwaysRun?: boolean
  readonly examples?: unknown
  readonly validate?: (runtime: Runtime, message: ElizaMemory, state?: ElizaState) => unknown
  readonly handler: ElizaAction['handler']
}

/** Duck-typed: classes of several copies of core meet in one process (plugins.md 6). */
export interface ElizaServiceClass {
  readonly name: string
  readonly serviceType?: string
  readonly start?: (runtime: Runtime) => unknown
  readonly stop?: (runtime: Runtime) => unknown
  readonly registerSendHandlers?: (runtime: Runtime, service: ElizaService) => unknown
}

export interface ElizaService {
  readonly capabilityDescription?: string
  readonly config?: unknown
  readonly stop?: () => unknown
  readonly [key: string]: unknown
}

export type ElizaModelHandler = (runtime: Runtime, params: unknown) => unknown
export type ElizaEventHandler = (payload: Record<string, unknown>) => unknown

export interface ElizaRoute {
  readonly type: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'STATIC'
  readonly path: string
  readonly filePath?: string
  readonly public?: boolean
  readonly name?: string
  readonly isMultipart?: boolean
  readonly handler?: (request: unknown, response: unknown, runtime: Runtime) => unknown
}

export interface ElizaComponentType {
  readonly name: string
  readonly schema?: unknown
  readonly validator?: (data: unknown) => boolean
}

export interface ElizaTestSuite {
  readonly name: string
  readonly tests: readonly { readonly name: string; readonly fn: (runtime: Runtime) => unknown }[]
}

export interface ElizaTaskWorker {
  readonly name: string
  readonly execute: (runtime: Runtime, options: Record<string, unknown>, task: ElizaTask) => unknown
  readonly validate?: (runtime: Runtime, message: ElizaMemory, state: ElizaState) => unknown
}

export interface ElizaTask {
  id?: string
  name: string
  description?: string
  roomId?: string
  worldId?: string
  entityId?: string
  tags?: string[]
  metadata?: Record<string, unknown>
  updatedAt?: number
}

/** Of `sendMessageToTarget`. */
export interface ElizaTarget {
  source: string
  roomId?: string
  channelId?: string
  serverId?: string
  entityId?: string
  threadId?: string
}

export type ElizaSendHandler = (
  runtime: Runtime,
  target: ElizaTarget,
  content: ElizaContent,
) => unknown
