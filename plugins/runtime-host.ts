import type { Agent } from '../agent/agent.ts'
import type { TurnContext } from '../agent/context.ts'
import type { Records, RecordWrite } from '../agent/records.ts'
import type { Character } from '../schema/character.ts'
import type {
  ElizaContent,
  ElizaMemory,
  ElizaPlugin,
  ElizaSendHandler,
  ElizaServiceClass,
  ElizaTarget,
} from './contract.ts'
import type { MemberScope } from './scope.ts'

/** What the façade of an agent stands on. `host/` makes the real one; tests a small one. */
export interface RuntimeHost {
  readonly agentId: string
  readonly character: Character
  /** ElizaOS's `getSetting` order without the process environment; secrets open. */
  readonly settings: Readonly<Record<string, unknown>>
  /** Names that an agent may read from the process environment through `getSetting`. */
  environment(name: string): string | undefined
  readonly records: Records
  /** The agent with all of its members, ours first, as turns see it. It changes as plugins register. */
  agent(): Agent
  /** The runtime's arrays of members, or its models, were added to. */
  changed(): void
  /** Isolated registration of a whole plugin: init, members, services. */
  registerPlugin(plugin: ElizaPlugin): Promise<void>
  /** @throws when it does not start in time */
  startService(service: ElizaServiceClass): Promise<void>
  /** A service that is shared by all agents of the process; undefined when there is none of the type. */
  globalService(type: string): unknown
  readonly models: HostModels
  /** Commits at once: writes outside of any turn. */
  commit(writes: readonly RecordWrite[]): Promise<void>
  /** A context for members that are asked outside of a turn, such as `composeState` in a route. */
  contextFor(message: ElizaMemory): Promise<TurnContext>
  readonly messages: HostMessages
  /** A task was put or deleted, and committed: its schedule follows. */
  tasksChanged(): void
  /** Runs the handlers of an event, each isolated, and waits for them. */
  emit(names: readonly string[], payload: Record<string, unknown>): Promise<void>
  readonly log: HostLog
  /** Bounded and counted, by plugin and member. */
  noteFault(scope: MemberScope | undefined, what: string, error: unknown): void
}

/** Model calls: within a turn by the ledger of its step, outside by the ledger without a turn. */
export interface HostModels {
  /**
   * ElizaOS's `useModel`: `type` as plugins spell it, `params` and the answer in ElizaOS's shapes
   * (elizaos.md 5.3). @throws {ModelError}
   */
  use(type: string, params: unknown, provider: string | undefined): Promise<unknown>
  /** The handler that would answer, for `getModel`; undefined without one. */
  has(type: string): boolean
}

export interface HostMessages {
  /** Accepts the message as a turn and waits for its end; each reply is given to `onReply`. */
  handle(
    message: ElizaMemory,
    onReply: ((content: ElizaContent) => Promise<unknown>) | undefined,
    options?: { readonly signal?: AbortSignal; readonly onChunk?: (text: string) => void },
  ): Promise<HandledMessage>
  /** By connector, else by the source's send handler, else into the room of our own clients. */
  send(
    target: ElizaTarget,
    content: ElizaContent,
    handler: ElizaSendHandler | undefined,
  ): Promise<void>
  delete(messageId: string): Promise<void>
  clear(roomId: string, channelId: string): Promise<void>
}

export interface HandledMessage {
  readonly turnId: string
  readonly didRespond: boolean
  readonly responseContent: ElizaContent | null
  readonly responseMessages: readonly ElizaMemory[]
  readonly mode: 'simple' | 'actions' | 'none'
}

export interface HostLog {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}
