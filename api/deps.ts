import type { Character } from '../schema/character.ts'
import type { JsonObject } from '../schema/json.ts'
import type { Overlap, TurnState } from '../schema/turn.ts'
import type { TurnStream } from '../streams/turn-stream.ts'
import type { ApprovalsPort } from './approvals-port.ts'
import type { AudioPort } from './audio-port.ts'
import type { DeadLettersPort } from './dead-letters-port.ts'
import type { ForksPort } from './forks-port.ts'
import type { ModelsPort } from './models-port.ts'
import type { PluginRoutesPort } from './plugin-routes-port.ts'
import type { PluginsPort } from './plugins-port.ts'
import type { SpendingPort } from './spending-port.ts'
import type { TasksPort } from './tasks-port.ts'
import type { TurnResult, TurnsPort } from './turns-port.ts'

/** Everything the API may reach. Implemented in `bin/`, faked in tests. */
export interface ApiDeps {
  readonly settings: ApiSettings
  readonly agents: AgentsPort
  readonly channels: ChannelsPort
  readonly messages: MessagesPort
  readonly turns: TurnsPort
  readonly deadLetters: DeadLettersPort
  readonly approvals: ApprovalsPort
  readonly forks: ForksPort
  readonly models: ModelsPort
  readonly audio: AudioPort
  readonly spending: SpendingPort
  readonly tasks: TasksPort
  /** @default nobody has plugins */
  readonly plugins?: PluginsPort
  /** @default no plugin has routes */
  readonly pluginRoutes?: PluginRoutesPort
  readonly stream: TurnStream
  readonly status: StatusPort
  readonly log: ApiLog
  /** Aborted when the process shuts down: open streams end, waiting requests answer 202. */
  readonly closing?: AbortSignal
}

/** Where the unexpected is written: a pino logger fits. */
export interface ApiLog {
  error(fields: Readonly<Record<string, unknown>>, message: string): void
}

export interface ApiSettings {
  readonly version: string
  /** Required as `X-API-KEY` (or `Authorization: Bearer`) on `/api/*` when set. */
  readonly authToken?: string
  /** Value of CORS_ORIGIN; absent: no CORS headers, and requests with a foreign `Origin` are refused. */
  readonly corsOrigin?: string
  /** Host names (without port) that `Host` may name besides loopback names and the bound host. */
  readonly allowedHosts: readonly string[]
  /** The address the server listens on. With a wildcard (`0.0.0.0`, `::`) every IP address is a good `Host`. */
  readonly boundHost?: string
  /** @default 2 MiB */
  readonly maxBodyBytes: number
  /** How long `transport: http` waits for the reply before it answers 202. */
  readonly httpWaitMs: number
  /** How often a silent event stream says that it lives. @default 15,000 */
  readonly heartbeatMs?: number
  /** What `/api/system/version` calls the environment. @default 'production' */
  readonly environment?: string
}

export interface AgentSummary {
  readonly id: string
  readonly name: string
  readonly bio: string
  readonly status: 'active' | 'inactive'
}

/** A stored agent: its character with secrets masked, and its state. */
export interface AgentDetails extends AgentSummary {
  readonly character: Character
  /** Milliseconds since the epoch. */
  readonly createdAt: number
  readonly updatedAt: number
}

/** An agent's view of a channel, and what messages do to its unfinished turns. */
export interface RoomSetting {
  readonly id: string
  readonly agentId: string
  readonly channelId: string
  readonly overlap: Overlap | null
}

export interface AgentsPort {
  /** Active first, then by name. */
  list(): Promise<readonly AgentSummary[]>
  /** @throws {NotFoundError} */
  get(id: string): Promise<AgentDetails>
  /** Stores without starting. @throws {ConflictError} the id is taken. */
  create(character: Character): Promise<AgentDetails>
  /** Shallow merge of the character; masked secrets that come back change nothing. */
  update(id: string, patch: JsonObject): Promise<AgentDetails>
  /** Null: the agent's own setting decides again. @throws {NotFoundError} the room is not the agent's. */
  setRoomOverlap(agentId: string, roomId: string, overlap: Overlap | null): Promise<RoomSetting>
  start(id: string): Promise<AgentSummary>
  /** The running turns finish, queued ones wait, new messages are refused with `agent_stopped`. */
  stop(id: string): Promise<void>
  /** Cancels all turns, then deletes the rows. False when that took longer than 10 s and goes on. */
  delete(id: string): Promise<boolean>
}

export interface Channel {
  readonly id: string
  readonly name: string
  readonly type: string
  readonly messageServerId: string
  readonly metadata: JsonObject
  readonly createdAt: number
  readonly updatedAt: number
}

export interface NewChannel {
  readonly id?: string
  readonly name: string
  readonly type: string
  readonly messageServerId: string
  readonly participants: readonly string[]
  readonly metadata: JsonObject
}

export interface ChannelsPort {
  create(channel: NewChannel): Promise<Channel>
  /** @throws {NotFoundError} */
  get(id: string): Promise<Channel>
  /** Replaces what is given; of the metadata single keys, null removes one. @throws {NotFoundError} */
  update(id: string, patch: { name?: string; metadata?: JsonObject }): Promise<Channel>
  participants(id: string): Promise<readonly string[]>
  /** @throws {NotFoundError} channel or agent. */
  addAgent(channelId: string, agentId: string): Promise<void>
  /** @throws {NotFoundError} the agent is no participant. */
  removeAgent(channelId: string, agentId: string): Promise<void>
}

export interface StoredMessage {
  readonly id: string
  readonly channelId: string
  readonly messageServerId: string
  readonly authorId: string
  readonly content: string
  readonly sourceType: string
  readonly sourceId: string | null
  readonly inReplyTo: string | null
  readonly rawMessage: JsonObject
  /** For an agent's message: thought, actions, attachments. */
  readonly metadata: JsonObject
  /** The turn that wrote it; null for messages of people. */
  readonly turnId: string | null
  readonly createdAt: number
}

export interface NewMessage {
  readonly channelId: string
  readonly authorId: string
  readonly content: string
  readonly messageServerId?: string
  readonly sourceType: string
  /** `Idempotency-Key`, `messageId` or `source_id`. */
  readonly externalId?: string
  readonly inReplyTo?: string
  readonly rawMessage: JsonObject
  readonly metadata: JsonObject
  /** What it does to unfinished turns of its rooms; else channel, room and agent decide. */
  readonly overlap?: Overlap
  /** The display name of the author, when the caller knows it. */
  readonly authorName?: string
  /** Treated as a direct message: transports `http` and `sse`, or `metadata.isDm`. */
  readonly isDirect: boolean
}

export interface AcceptedTurn {
  readonly turnId: string
  readonly agentId: string
  readonly state: TurnState
  /** Of a turn that was accepted just now: how it stands, so that nobody reads it back. */
  readonly known?: TurnResult
}

export interface AcceptedMessage {
  readonly message: StoredMessage
  /** One per agent of the channel, in the order of its participants. Never empty. */
  readonly turns: readonly AcceptedTurn[]
  /** The message was known under its external id; these are its turns. */
  readonly isRepeat: boolean
}

export interface MessagesPort {
  /**
   * Stores the message and queues a turn per agent, in one transaction, then starts the heads.
   * Creates the channel when it is unknown and an agent can be chosen.
   * @throws {InvalidRequestError} `No agent found in channel participants`
   * @throws {ConflictError} `agent_stopped`. @throws {IdempotencyError} @throws {UnavailableError}
   */
  accept(message: NewMessage): Promise<AcceptedMessage>
  /** Newest first. `before` in milliseconds since the epoch. @throws {NotFoundError} */
  list(
    channelId: string,
    page: { limit: number; before?: number },
  ): Promise<readonly StoredMessage[]>
}

export interface Readiness {
  readonly ready: boolean
  readonly checks: readonly {
    readonly name: 'postgres' | 'temporal' | 'worker'
    readonly ok: boolean
    readonly reason?: string
  }[]
}

/** `isBuiltIn`: it is the rule-based ELIZA. */
export interface DefaultModel {
  readonly vendor: string
  readonly model: string
  readonly isBuiltIn: boolean
  /** Who answers when it fails, as `vendor/model`. */
  readonly fallbacks: readonly string[]
  /** Why none can be asked; `vendor` and `model` are then empty. */
  readonly problem?: string
}

export interface StatusPort {
  readiness(): Promise<Readiness>
  /** Which model answers by default. Does not reject. */
  model(): Promise<DefaultModel>
}
