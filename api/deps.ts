import type { PendingApproval } from '../agent/approvals.ts'
import type { Character } from '../schema/character.ts'
import type { JsonObject } from '../schema/json.ts'
import type { Overlap, TurnCode, TurnState } from '../schema/turn.ts'
import type { TurnStream } from '../streams/turn-stream.ts'
import type { ApprovalsPort } from './approvals-port.ts'
import type { DeadLettersPort } from './dead-letters-port.ts'
import type { ForksPort } from './forks-port.ts'

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

/** How a turn stands, with the reply if there is one. */
export interface TurnResult {
  readonly turnId: string
  readonly agentId: string
  readonly state: TurnState
  readonly code: TurnCode | null
  /** The id of the reply; known before it is written, so that chunks can carry it. */
  readonly replyId: string
  /** ElizaOS's Content of the reply or the apology; null when the agent said nothing (yet). */
  readonly reply: JsonObject | null
  /** What a parked turn waits for. */
  readonly approval?: PendingApproval | null
  /** The turn that answers for a `merged` one, or took the place of a `superseded` one. */
  readonly answeredBy: string | null
}

export type PartialText = 'keep' | 'retract'

export interface CancelledTurn extends TurnResult {
  /** Of a turn that had ended: how many of its messages to a chat platform were stopped, or not. */
  readonly delivery?: {
    readonly retracted: number
    readonly sending: number
    readonly sent: number
  }
}

export interface TurnStepTrace {
  readonly step: string
  readonly gen: number
  readonly attempt: number
  readonly state: 'pending' | 'done'
  readonly startedAt: number
  readonly finishedAt: number | null
  readonly result: JsonObject | null
  readonly error: string | null
}

export interface ModelCallTrace {
  readonly step: string
  readonly gen: number
  readonly call: number
  readonly attempt: number
  readonly vendor: string
  readonly model: string
  readonly purpose: string
  readonly state: 'pending' | 'complete' | 'cut' | 'unknown'
  readonly inputTokens: number | null
  readonly outputTokens: number | null
  readonly cachedTokens: number | null
  readonly cost: number | null
  readonly firstTokenMs: number | null
  readonly latencyMs: number | null
  readonly finishReason: string | null
  readonly error: string | null
}

export interface TurnTrace extends TurnResult {
  readonly gen: number
  readonly roomId: string
  readonly channelId: string
  readonly messageId: string
  readonly seq: number
  readonly policy: string
  /** The reason of a bad ending, in words. */
  readonly error: string | null
  readonly acceptedAt: number
  readonly startedAt: number | null
  readonly settledAt: number | null
  readonly deadlineAt: number
  readonly cancelRequestedAt: number | null
  /** Of a fork: the turn that it runs again. */
  readonly forkOf?: string
  readonly steps: readonly TurnStepTrace[]
  readonly prompts: readonly {
    readonly step: string
    readonly gen: number
    readonly prompt: string
    readonly state: JsonObject
  }[]
  readonly modelCalls: readonly ModelCallTrace[]
  /** US dollars of all calls; null as soon as one price is unknown. */
  readonly cost: number | null
  readonly workflowId: string
  /** Of the turn in Temporal's Web UI; null when no UI is known. */
  readonly temporalUrl: string | null
}

export interface TurnSummary {
  readonly turnId: string
  readonly roomId: string
  readonly channelId: string
  readonly state: TurnState
  readonly code: TurnCode | null
  readonly acceptedAt: number
  readonly settledAt: number | null
}

export interface TurnsPort {
  /** @throws {NotFoundError} */
  trace(id: string): Promise<TurnTrace>
  /** Newest first. @throws {NotFoundError} the agent. */
  list(
    agentId: string,
    page: { limit: number; before?: number; state?: TurnState; withForks?: boolean },
  ): Promise<readonly TurnSummary[]>
  /**
   * Idempotent: a turn that has ended stays as it is; what its outbox has not sent is taken back.
   * `keep`: what a running turn has said so far stays as its reply. @throws {NotFoundError}
   */
  cancel(id: string, partial: PartialText): Promise<CancelledTurn>
  /** @throws {NotFoundError} */
  result(id: string): Promise<TurnResult>
  /** The turn's Temporal history as proto3 JSON. @throws {NotFoundError} @throws {UnavailableError} */
  history(id: string): Promise<JsonObject>
}

export interface Readiness {
  readonly ready: boolean
  readonly checks: readonly {
    readonly name: 'postgres' | 'temporal' | 'worker'
    readonly ok: boolean
    readonly reason?: string
  }[]
}

export interface StatusPort {
  readiness(): Promise<Readiness>
  /** Which model answers by default; `isBuiltIn` when it is the rule-based ELIZA. */
  model(): { readonly vendor: string; readonly model: string; readonly isBuiltIn: boolean }
}
