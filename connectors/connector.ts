import type { FileRef, RoomRef, Sender } from '../agent/connector.ts'

/**
 * A chat platform: one bot account, or one shard of it. The core owns order, splitting, repeats and
 * redaction (docs/connectors.md); a connector translates, and says honestly what it knows.
 */
export interface Connector extends Sender {
  /** Before anything is received: what an operator must mend. Answers within a deadline of its own. */
  check(): Promise<readonly Problem[]>
  /**
   * Hands over what arrives until `signal` is aborted, in the order of each room, from `cursor` on
   * where the platform can. The next of a room only after `accept` has returned; when it throws,
   * nothing behind it may be confirmed to the platform.
   */
  receive(sink: Sink, cursor: Cursor | null, signal: AbortSignal): Promise<void>
  /** What came to a room after the message `after`, oldest first. Absent where there is no history. */
  backfill?(
    room: RoomRef,
    after: string,
    limit: number,
    signal: AbortSignal,
  ): AsyncIterable<Inbound>
}

export interface Sink {
  /** Returns after the commit; the cursor is stored by the same transaction. */
  accept(event: Inbound, cursor?: Cursor): Promise<'new' | 'repeat'>
  /** Something may be missing: a session was not resumed. It is then for the core to run `backfill`. */
  gap(scope: 'account' | RoomRef, reason: string): Promise<void>
}

/** Where to go on: the connector's own words, at most some hundred characters. */
export type Cursor = string

export interface Inbound {
  readonly kind: 'message' | 'edit' | 'delete' | 'reaction' | 'choice' | 'command'
  /** Unique within the account: a second one is a repeat. */
  readonly externalId: string
  readonly room: RoomRef
  /** Sorts as text into the room's order. */
  readonly order: string
  readonly occurredAt: Date
  readonly author?: Author
  readonly text?: string
  /** The message that is answered, changed, or reacted to. */
  readonly replyTo?: string
  readonly files?: readonly FileRef[]
}

export interface Author {
  readonly externalId: string
  readonly name: string
  readonly isBot: boolean
}

/** Why a connector cannot work, or only in part. */
export interface Problem {
  /** `fatal`: nothing will arrive or leave. */
  readonly level: 'fatal' | 'warning'
  readonly code: string
  /** What to do about it. */
  readonly hint: string
}
