import type { Json } from '../schema/json.ts'
import type { TurnRef } from '../schema/turn.ts'
import type { Agent } from './agent.ts'
import type { PendingApproval } from './approvals.ts'
import type { Content, Entity, Memory, NewMemory, NewRelationship, Room } from './memory.ts'
import type {
  DrawRequest,
  DrawResult,
  EmbedResult,
  GenerateParams,
  ModelPurpose,
  SpeakRequest,
  SpeakResult,
  TextPurpose,
  TranscribeRequest,
} from './models.ts'
import type { TurnProgress } from './progress.ts'
import type { AgentRecords, ParticipantState, RecordWrite } from './records.ts'

/** What a plugin's member may read and do during one step of one turn. */
export interface TurnContext {
  readonly agent: Agent
  readonly turn: TurnRef
  /** Journal key of the step; absent where nothing is claimed. Ids of what plugins write are made of it. */
  readonly step?: string
  /** One for an attempt of a step: what its plugins have read. @default nothing is shared */
  readonly reads?: Map<string, Promise<unknown>>
  readonly room: Room
  /** The message that is answered. */
  readonly message: Memory
  /** The agent's state in the room, as the turn was loaded; undefined where that is not known. */
  readonly participation?: ParticipantState
  /** What the turn has done so far. Absent while nothing was decided, and outside of turns. */
  readonly progress?: TurnProgress
  /** Reads; each answer is kept for the rest of the step. */
  readonly memories: MemoryReader
  /** All that the agent has stored. Not kept: a second question is a second statement. */
  readonly records: AgentRecords
  /** Whether a model is configured that can do it. Absent where nobody knows. */
  readonly hasModel?: (purpose: ModelPurpose) => Promise<boolean>
  /** What waits in the room for an answer that the author of the message may give, oldest first. */
  approvals(): Promise<readonly PendingApproval[]>
  /** Milliseconds since the epoch. A parameter because steps are retried and tests travel in time. */
  readonly now: number
  /** Aborted when the turn is cancelled, its worker is presumed dead, or the member's time is up. */
  readonly signal: AbortSignal
}

export interface MemoryReader {
  /** The newest `count` memories of the room, oldest first. */
  recent(options: { type: string; count: number }): Promise<readonly Memory[]>
  /** The room's participants, the agent included. */
  entities(): Promise<readonly Entity[]>
}

/** A context that may also write and ask models. Its writes commit with the step, or not at all. */
export interface WorkContext extends TurnContext {
  /** Says something in the room; it appears when the step commits. */
  say(content: Content): void
  remember(memory: NewMemory): void
  relate(relationship: NewRelationship): void
  /** Any other change of what the agent has stored. Order is kept. */
  write(write: RecordWrite): void
  /** What `write` took so far in this step; it grows. */
  readonly written: readonly RecordWrite[]
  /**
   * One model call, through the ledger: a completed call is not paid again when the step is repeated. Calls
   * are told apart by their order in the step, so a step that is repeated must ask the same questions in
   * the same order: one by one, or several begun at once in an order that is always the same. A step that
   * asks otherwise the second time may get the answer to another question of the same purpose.
   */
  generate: ModelCalls['generate']
  /**
   * The other kinds of calls, through the ledger and in the same order each time as well. All throw a
   * `ModelError` of a named code.
   */
  readonly models: WorkModels
  /** The same, asked of one vendor: `openai`, `plugin:acme`. @default the agent's own are asked */
  asking?(vendor: string): ModelCalls
}

/** Calls to models, whatever they belong to. */
export interface ModelCalls {
  generate(purpose: TextPurpose, params: GenerateParams): Promise<string>
  readonly models: WorkModels
}

/** What an agent's models can do besides writing text. Without a vendor: `model_not_configured`. */
export interface WorkModels {
  /**
   * One JSON value, of a JSON Schema where one is given: the vendor is asked to keep to it, the answer is
   * not checked against it.
   * @throws {ModelAnswerError} no JSON, twice
   */
  object(purpose: 'OBJECT_SMALL' | 'OBJECT_LARGE', params: GenerateParams): Promise<Json>
  embed(texts: readonly string[], dimensions?: number): Promise<EmbedResult['vectors']>
  draw(drawing: Omit<DrawRequest, 'model'>): Promise<DrawResult['images']>
  transcribe(recording: Pick<TranscribeRequest, 'audio' | 'mimeType'>): Promise<string>
  speak(speech: Omit<SpeakRequest, 'model'>): Promise<Pick<SpeakResult, 'audio' | 'mimeType'>>
}
