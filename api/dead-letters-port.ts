import type { JsonObject } from '../schema/json.ts'
import type { PageCursor } from '../schema/page-cursor.ts'
import type { TurnCode, TurnState } from '../schema/turn.ts'

export type DeadLetterState = 'open' | 'retried' | 'skipped'

/** A turn that ended badly, for an operator. */
export interface DeadLetter {
  readonly turnId: string
  readonly gen: number
  readonly agentId: string
  readonly roomId: string
  readonly channelId: string
  readonly messageId: string
  readonly authorId: string | null
  readonly text: string | null
  readonly deadLetter: DeadLetterState
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly state: TurnState
  readonly code: TurnCode | null
  readonly error: string | null
  readonly hasUnknownEffect: boolean
  readonly acceptedAt: number
}

export interface DeadLetterAct {
  readonly act: 'retry' | 'skip'
  readonly at: number
  readonly by: string
  readonly comment: string | null
  readonly gen: number
  readonly state: TurnState
  readonly code: TurnCode | null
  readonly error: string | null
  readonly originalText: string | null
}

export interface DeadLetterDetails extends DeadLetter {
  /** What was done about it, oldest first. */
  readonly acts: readonly DeadLetterAct[]
  /** As it stands; what an edited one said at first is in `acts`. */
  readonly message: { readonly content: string | null; readonly metadata: JsonObject }
}

export interface DeadLetterPage {
  readonly limit: number
  readonly agentId?: string
  /** Undefined: all. */
  readonly state?: DeadLetterState
  readonly before?: PageCursor
}

export interface DoneBy {
  readonly by: string
  readonly comment: string | null
}

export interface DeadLettersPort {
  /** Newest first. `next` is the cursor of the next page, null on the last one. */
  list(
    page: DeadLetterPage,
  ): Promise<{ readonly deadLetters: readonly DeadLetter[]; readonly next: string | null }>
  /** @throws {NotFoundError} no such turn, or it never ended badly. */
  get(turnId: string): Promise<DeadLetterDetails>
  /**
   * Queues the turn once more, at the tail of its room.
   * @throws {NotFoundError} @throws {ConflictError} it runs again already, ended well, or its agent is stopped.
   */
  retry(turnId: string, done: DoneBy & { readonly text: string | null }): Promise<DeadLetter>
  /** Idempotent. @throws {NotFoundError} @throws {ConflictError} it was retried. */
  skip(turnId: string, done: DoneBy): Promise<DeadLetter>
}
