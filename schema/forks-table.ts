import type { ColumnType, JSONColumnType } from 'kysely'
import type { JsonObject } from './json.ts'

/** How a fork differs from the turn that it runs again. */
export interface ForksTable {
  turn_id: string
  /** Generation of the original whose steps were taken over. */
  source_gen: number
  from_step: string
  /** Answers instead of the agent's own models. */
  model: string | null
  /** Stands in for the agent's own, secrets removed. */
  character: JSONColumnType<JsonObject | null> | null
  /** Encrypted `secrets` of that character, or null. */
  secrets: string | null
  created_at: ColumnType<Date, Date | undefined, never>
}
