import type { Budget } from '../schema/budget.ts'
import type { JsonObject } from '../schema/json.ts'
import type { HeadTurn, TerminalState, TurnCode, TurnRef, TurnState } from '../schema/turn.ts'
import type { TurnStream } from '../streams/turn-stream.ts'
import type { TaskPorts } from '../tasks/task-ports.ts'
import type { Agent } from './agent.ts'
import type { Approvals } from './approvals.ts'
import type { MultiStepDefaults } from './asking.ts'
import type { Described } from './attachments.ts'
import type { Breakers } from './breakers.ts'
import type { Sender } from './connector.ts'
import type { DecisionMode } from './decision-mode.ts'
import type { Ledger } from './ledger.ts'
import type { MediaFetcher } from './media.ts'
import type { Content, Entity, Memory, NewMemory, NewRelationship, Room } from './memory.ts'
import type { ModelRouter } from './models.ts'
import type { Outbox, SendingSettings } from './outbox.ts'
import type { RateLimits } from './rates.ts'
import type { Records, RecordWrite } from './records.ts'
import type { TurnEvents } from './turn-events.ts'

/** What activities depend on: the system's seams on one page. `bin/ports.ts` makes the real ones. */
export interface Ports {
  readonly agents: AgentRegistry
  readonly turns: TurnStore
  readonly journal: Journal
  readonly ledger: Ledger
  readonly prompts: PromptStore
  readonly memories: MemoryStore
  readonly records: Records
  /** What the agent's plugins hear of its turns. @default nobody listens */
  readonly turnEvents?: TurnEvents
  /** Runs of tasks. @default none are run */
  readonly tasks?: TaskPorts
  readonly approvals: Approvals
  readonly outbox: Outbox
  readonly connectors: Connectors
  /** @default DEFAULT_SENDING */
  readonly sending?: SendingSettings
  readonly models: ModelRouter
  readonly breakers: Breakers
  readonly rates: RateLimits
  readonly media: MediaFetcher
  /** The operator's, for every agent besides its own. */
  readonly budgets: readonly Budget[]
  /** How models decide, unless an agent's setting says otherwise. @default 'xml' */
  readonly decision?: DecisionMode
  /** How turns begin, unless an agent's setting says otherwise. */
  readonly multiStep?: MultiStepDefaults
  readonly stream: Pick<TurnStream, 'publish'>
  readonly log: StepLog
  /** Starts a room's next turn. A lost start is the sweeper's: callers log a failure, and go on. */
  startHead(head: HeadTurn): Promise<void>
  /** Sends what a step put into the outbox of another room. Without it, the sweeper does, later. */
  startDelivery?(room: { readonly roomId: string; readonly agentId: string }): Promise<void>
}

export interface AgentRegistry {
  /**
   * @param version `LoadedTurn.agentVersion`: an older copy is loaded anew.
   * @param forkId of a forked turn: it has an agent of its own, which changes nothing outside.
   * @throws {NotFoundError} the agent was deleted.
   */
  get(agentId: string, version: number, forkId?: string): Promise<Agent>
}

/** A step's attempt as Temporal counts it. */
export interface StepAttempt extends TurnRef {
  readonly runId: string
  /** From 1. */
  readonly attempt: number
  /** Run id / activity id / attempt. */
  readonly token: string
}

/** What every step of a turn needs to know; none of it changes while the turn runs. */
export interface LoadedTurn extends TurnRef {
  readonly seq: number
  readonly agentId: string
  /** Milliseconds since the epoch of the agent row's last change: tells a stale copy. */
  readonly agentVersion: number
  readonly channelId: string
  readonly messageId: string
  readonly deadlineAt: number
  readonly room: Room
  readonly message: Memory
  /** The agent's state in the room. */
  readonly participation: 'FOLLOWED' | 'MUTED' | null
  /** Messages that it answers besides its own. */
  readonly mergedCount: number
  /** Their memories, as far as `message` contains them. */
  readonly mergedMemoryIds: readonly string[]
  /** In how many rounds its messages were taken up; more than 1 when it was steered. */
  readonly rounds: number
  /** False: nothing waited for an answer in the room when the turn was admitted. */
  readonly hasChoices?: boolean
  /** The turn that this one runs again in a shadow room. */
  readonly forkOf?: string
}

export type Admitted =
  | { readonly kind: 'admitted'; readonly turn: LoadedTurn }
  | { readonly kind: 'expired' }
  | { readonly kind: 'refused'; readonly state: TurnState }

export interface TurnStore {
  admit(step: StepAttempt): Promise<Admitted>
  /** As of a round. Undefined when the turn was deleted or another generation runs. */
  load(turn: TurnRef, round?: number): Promise<LoadedTurn | undefined>
  /**
   * Takes up the messages that were sent to steer the turn, for the round after `round`, and says
   * what the turn has to say so far. @returns the turns that are merged now; none when none waited.
   * @throws {FencedError} the turn does not run any more.
   */
  steer(attempt: StepAttempt, round: number, said: StepCommit): Promise<readonly TurnRef[]>
  /** Undefined when the turn was deleted. */
  settle(input: SettleInput): Promise<Settled | undefined>
}

/** The reply (or apology) that commits with the outcome. */
export interface Reply {
  /** Of the message; `memoryId` is the agent's memory of it. */
  readonly messageId: string
  readonly memoryId: string
  readonly content: Content
  /** The connector that shows it; null for our own clients, which read it from the database. */
  readonly outboxSource: string | null
}

export interface SettleInput extends TurnRef {
  readonly roomId: string
  /** For the journal. */
  readonly attempt: number
  readonly token: string
  readonly state: TerminalState
  readonly code: TurnCode | null
  /** Reason in words. Null takes the one that the failing step noted. */
  readonly error: string | null
  /**
   * The deadline that whoever asks for `timed_out` worked by. A turn that was given more time since
   * goes on as its next generation. @default the turn ends
   */
  readonly deadlineAt?: number
  readonly reply: Reply | null
}

export interface Settled {
  readonly state: TurnState
  /** False when the turn had ended before; the row's own outcome is `state`. */
  readonly isFirst: boolean
  readonly seq: number
  readonly hasOutbox: boolean
  /** `seq` of the last turn that each evaluator has seen in the room. */
  readonly evaluatorRuns: Readonly<Record<string, number>>
  /** The room's next turn, if it waits to be started. */
  readonly head: HeadTurn | undefined
}

export interface ClaimOptions {
  /** Journal key, distinct within the turn: `decide`, `runAction:0`, `evaluate:REFLECTION`. */
  readonly step: string
  /** Whether the step makes sense only before the turn has settled. */
  readonly beforeSettle: boolean
}

export type Claim =
  | {
      readonly kind: 'claimed'
      /** An earlier attempt had begun and did not finish. */
      readonly isTakeover: boolean
    }
  /** An earlier attempt finished: this is what it journaled. */
  | { readonly kind: 'done'; readonly result: JsonObject }

export interface Journal {
  /** The right of one attempt to a step, before any effect. @throws {FencedError} */
  claim(attempt: StepAttempt, options: ClaimOptions): Promise<Claim>
  /** Journals the result, and the writes with it. @throws {FencedError} nothing was written. */
  finish(attempt: StepAttempt, step: string, result: JsonObject, writes?: StepCommit): Promise<void>
  /** Journals a step whose whole effect is this row; returns what stands there. @throws {FencedError} */
  once(attempt: StepAttempt, step: string, result: JsonObject): Promise<JsonObject>
  /** Whether an attempt of this generation has begun a step. One that failed before its claim has not. */
  standing(turn: TurnRef, step: string): Promise<'none' | 'begun' | 'done'>
  /** What a finished step journaled; undefined when it has not. */
  read(turn: TurnRef, step: string): Promise<JsonObject | undefined>
  /** For the trace. Changes nothing when the claim was lost. */
  noteFailure(attempt: StepAttempt, step: string, error: string): Promise<void>
}

/** What a step buffered while it worked. */
export interface StepWrites {
  readonly messages: readonly Content[]
  readonly memories: readonly NewMemory[]
  readonly relationships: readonly NewRelationship[]
  readonly records?: readonly RecordWrite[]
}

export interface StepCommit extends StepWrites {
  readonly turn: LoadedTurn
  /** The room's connector; null for our own clients. */
  readonly outboxSource: string | null
  /** An action may have happened or not: the turn is marked for the operator. */
  readonly unknownEffect?: boolean
  /** An evaluator notes how far it has looked. */
  readonly evaluator?: string
  /** What the attachments of the turn's messages are, by `mediaKey`: their memories keep it. */
  readonly described?: ReadonlyMap<string, Described>
}

export interface StoredPrompt {
  readonly prompt: string
  readonly state: JsonObject
}

export interface PromptStore {
  /** Undefined when it was not composed yet. */
  read(turn: TurnRef, step: string): Promise<StoredPrompt | undefined>
  /**
   * The first commit wins; returns what stands there.
   * @param writes of the providers: they commit with the prompt, and only under the step's claim.
   * @throws {FencedError} the turn does not run, or the claim is another attempt's.
   */
  write(
    attempt: StepAttempt,
    step: string,
    prompt: StoredPrompt,
    writes?: StepCommit,
  ): Promise<StoredPrompt>
}

export interface MemoryStore {
  /** The newest `count`, oldest first; of others only what is not newer than `upTo` (ms). */
  recent(options: {
    roomId: string
    agentId: string
    type: string
    count: number
    upTo: number
  }): Promise<Memory[]>
  entities(roomId: string): Promise<Entity[]>
}

export interface Connectors {
  /** Undefined for rooms of our own clients. `agentId` chooses among the bot accounts of a source. */
  for(source: string, agentId?: string): Sender | undefined
}

/** Log lines carry turn, room and agent ids where there is a turn; no message text. */
export interface StepLog {
  warn(turn: LoggedTurn | undefined, message: string, error?: unknown): void
}

export interface LoggedTurn extends TurnRef {
  readonly roomId: string
  readonly agentId: string
}
