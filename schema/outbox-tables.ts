import type { ColumnType, Generated, JSONColumnType } from 'kysely'
import type { JsonObject } from './json.ts'

/** Messages on their way to a chat platform, in the order of `seq` within a room. */
export interface OutboxTable {
  id: string
  room_id: string
  agent_id: string
  turn_id: string
  seq: Generated<number>
  /** The connector. */
  source: string
  content: JSONColumnType<JsonObject>
  /** `sending`: a part of it was, or may have been, shown. `retracted`: taken back before that. */
  state: 'pending' | 'sending' | 'sent' | 'failed' | 'retracted'
  /** Calls to the platform. */
  attempts: Generated<number>
  /** Of the first part. */
  platform_message_id: string | null
  /** Why it failed, or why it waits. */
  error: string | null
  created_at: ColumnType<Date, Date | undefined, never>
  sent_at: Date | null
  /** What it was split by: later attempts make the same parts. */
  max_length: number | null
  /** First call to the platform. */
  tried_at: Date | null
  /** Calls without success since the last one that had some. */
  failures: Generated<number>
  /** A call of unknown outcome was repeated on a platform that cannot tell. */
  maybe_twice: Generated<boolean>
  /** Last time a delivery or the sweeper took it up. */
  touched_at: ColumnType<Date, Date | undefined, Date>
}

/** A message longer than the platform takes is sent in parts. */
export interface OutboxPartsTable {
  outbox_id: string
  /** From 0. */
  part: number
  /** `reserved`: a placeholder stands there. */
  state: 'open' | 'reserved' | 'sent'
  platform_message_id: string | null
  /** Of the first call whose outcome is not known. */
  unknown_since: Date | null
}

/** Nobody calls a platform before `until`: it said so, or could not be reached. */
export interface ConnectorPausesTable {
  source: string
  account: string
  /** A room's id; empty: every room of the account. */
  room: string
  until: Date
}

/** Who drains a room's outbox: one `deliver` at a time, by a lease that its heartbeats extend. */
export interface DeliveriesTable {
  room_id: string
  token: string
  until: Date
}
