import type { Generated } from 'kysely'

/** Times in which nobody reached Temporal. At most one has not ended. */
export interface TemporalOutagesTable {
  began_at: Date
  ended_at: Date | null
}

/** One row: when any process last reached Temporal. */
export interface TemporalContactTable {
  one: Generated<boolean>
  reached_at: Date
}
