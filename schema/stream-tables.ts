import type { ColumnType, JSONColumnType } from 'kysely'
import type { JsonObject } from './json.ts'

/** Unlogged: the last chunks of running turns, for readers on other processes. */
export interface StreamChunksTable {
  turn_id: string
  gen: number
  attempt: number
  seq: number
  event: JSONColumnType<JsonObject>
  created_at: ColumnType<Date, Date | undefined, never>
}

/** Unlogged: which process listens to which turn. */
export interface StreamListenersTable {
  turn_id: string
  /** NOTIFY channel of the listening process. */
  channel: string
  created_at: ColumnType<Date, Date | undefined, never>
}
