import type { Character } from '../schema/character.ts'
import type {
  ElizaAction,
  ElizaCallback,
  ElizaEvaluator,
  ElizaEventHandler,
  ElizaMemory,
  ElizaModelHandler,
  ElizaPlugin,
  ElizaProvider,
  ElizaRoute,
  ElizaSendHandler,
  ElizaService,
  ElizaServiceClass,
  ElizaState,
  ElizaTarget,
  ElizaTaskWorker,
} from './contract.ts'
import type { RuntimeLogger } from './facade/logger.ts'
import type { ElizaOSHandle, MessageService } from './facade/message-shapes.ts'
import type { RecordMembers } from './facade/record-members.ts'

/**
 * ElizaOS's IAgentRuntime as plugins see it (elizaos.md 5.5): one per agent and process, plain members,
 * unfrozen. Its members find their turn through `scope.ts`. docs/plugin-members.md lists them.
 */
export interface Runtime extends RuntimeMembers {
  readonly agentId: string
  character: Character
  [member: string]: unknown
}

export interface RuntimeMembers
  extends RecordMembers,
    SettingMembers,
    ServiceMembers,
    RegistrationMembers,
    StateMembers,
    ModelMembers,
    EventMembers,
    RunMembers,
    MessagingMembers,
    LifeCycleMembers {
  /** A drizzle database, of the drizzle-orm of the plugin that uses it. */
  db: object
  /** ElizaOS's adapter has the members of the database: here the runtime itself does. */
  adapter: unknown
}

export interface SettingMembers {
  /** Null: there is none. */
  getSetting(key: string): string | boolean | number | null
  setSetting(key: string, value: unknown, secret?: boolean): void
  /** Messages that make a conversation. */
  getConversationLength(): number
}

export interface ServiceMembers {
  services: Map<string, ElizaService[]>
  getService<T = ElizaService>(type: string): T | null
  getTypedService<T = ElizaService>(type: string): T | null
  getServicesByType<T = ElizaService>(type: string): T[]
  getAllServices(): Map<string, ElizaService[]>
  hasService(type: string): boolean
  registerService(service: ElizaServiceClass): Promise<void>
  getServiceLoadPromise(type: string): Promise<ElizaService>
  getRegisteredServiceTypes(): string[]
  getServiceRegistrationStatus(type: string): ServiceStatus
  getServiceHealth(): Record<string, ServiceHealth>
}

export type ServiceStatus = 'pending' | 'registering' | 'registered' | 'failed' | 'unknown'

export interface ServiceHealth {
  status: ServiceStatus
  instances: number
  hasPromise: boolean
}

export interface RegistrationMembers {
  actions: ElizaAction[]
  providers: ElizaProvider[]
  evaluators: ElizaEvaluator[]
  plugins: ElizaPlugin[]
  routes: ElizaRoute[]
  registerAction(action: ElizaAction): void
  registerProvider(provider: ElizaProvider): void
  registerEvaluator(evaluator: ElizaEvaluator): void
  registerTaskWorker(worker: ElizaTaskWorker): void
  getTaskWorker(name: string): ElizaTaskWorker | undefined
  /** By task name: the host runs tasks with them. */
  taskWorkers: Map<string, ElizaTaskWorker>
}

export interface StateMembers {
  /** By message id, the newest few hundred. */
  stateCache: Map<string, ElizaState>
  composeState(
    message: ElizaMemory,
    includeList?: readonly string[] | null,
    onlyInclude?: boolean,
    skipCache?: boolean,
  ): Promise<ElizaState>
  processActions(
    message: ElizaMemory,
    responses: readonly ElizaMemory[],
    state?: ElizaState,
    callback?: ElizaCallback,
    options?: unknown,
  ): Promise<void>
  getActionResults(messageId: string): ElizaActionResult[]
  /** The evaluators that ran. */
  evaluate(
    message: ElizaMemory,
    state?: ElizaState,
    didRespond?: boolean,
    callback?: ElizaCallback,
    responses?: readonly ElizaMemory[],
  ): Promise<{ name: string; description: string; similes: string[] }[]>
}

export interface ElizaActionResult {
  success: boolean
  text?: string
  values?: Record<string, unknown>
  data?: Record<string, unknown>
  error?: string
}

export interface RegisteredModel {
  readonly handler: ElizaModelHandler
  readonly provider: string
  readonly priority: number
}

export interface ModelMembers {
  /** By type, the highest priority first, then in the order of registration. */
  models: Map<string, RegisteredModel[]>
  useModel<T = unknown>(type: string, params: unknown, provider?: string): Promise<T>
  generateText(
    input: string,
    options?: { includeCharacter?: boolean; modelType?: string; [param: string]: unknown },
  ): Promise<{ text: string }>
  registerModel(type: string, handler: ElizaModelHandler, provider: string, priority?: number): void
  getModel(type: string): ElizaModelHandler | undefined
  ensureEmbeddingDimension(dimension?: number): Promise<void>
}

export interface EventMembers {
  /** Handlers by event: the host runs what stands here. */
  events: Record<string, ElizaEventHandler[]>
  registerEvent(event: string, handler: ElizaEventHandler): void
  getEvent(event: string): ElizaEventHandler[] | undefined
  emitEvent(events: string | readonly string[], payload?: unknown): Promise<void>
  on(event: string, callback: (payload: unknown) => void): void
  off(event: string, callback: (payload: unknown) => void): void
  emit(event: string, payload: unknown): void
}

export interface RunMembers {
  createRunId(): string
  startRun(roomId?: string): string
  endRun(): void
  getCurrentRunId(): string
}

export interface MessagingMembers {
  messageService: MessageService | null
  elizaOS?: ElizaOSHandle
  /** By source. */
  sendHandlers: Map<string, ElizaSendHandler>
  hasElizaOS(): boolean
  registerSendHandler(source: string, handler: ElizaSendHandler): void
  sendMessageToTarget(target: ElizaTarget, content: ElizaMemory['content']): Promise<void>
  sendControlMessage(message: { roomId: string; action: string; target?: string }): Promise<void>
  /** Not of ElizaOS's runtime: `handleMessage` of its older guides, with names instead of ids. */
  processMessage(
    message: Partial<ElizaMemory> & { text?: string; userId?: string },
    callback?: ElizaCallback,
  ): ReturnType<MessageService['handleMessage']>
}

export interface LifeCycleMembers {
  /** Resolved when the agent's plugins are initialised: the host replaces it while they are not. */
  initPromise: Promise<void>
  logger: RuntimeLogger
  fetch: typeof fetch
  registerPlugin(plugin: ElizaPlugin): Promise<void>
  initialize(options?: unknown): Promise<void>
  stop(): Promise<void>
  init(): Promise<void>
  close(): Promise<void>
  isReady(): Promise<boolean>
  runMigrations(paths?: unknown): Promise<void>
  runPluginMigrations(plugins?: unknown, options?: unknown): Promise<void>
  withEntityContext<T>(entityId: string | null, work: () => Promise<T>): Promise<T>
  getConnection(): Promise<never>
  registerDatabaseAdapter(adapter: unknown): never
  getAgent(agentId: string): Promise<AgentView | null>
  getAgents(): Promise<AgentView[]>
  ensureAgentExists(agent: { id?: string }): Promise<AgentView>
  createAgent(agent: unknown): Promise<never>
  updateAgent(agentId: string, agent: unknown): Promise<never>
  deleteAgent(agentId: string): Promise<never>
  getAgentRunSummaries(asked?: unknown): Promise<never>
}

/** ElizaOS's Agent: the character with what the runtime knows of it. No secrets are in it. */
export type AgentView = Omit<Character, 'secrets' | 'id'> & {
  readonly id: string
  readonly status: 'active'
  readonly enabled: true
}
