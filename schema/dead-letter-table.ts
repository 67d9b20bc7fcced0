import type { ColumnType, Generated } from 'kysely'
import type { TurnState } from './turn.ts'

/** What operators did about dead letters: one row per retry or skip. */
export interface DeadLetterActsTable {
  id: Generated<number>
  turn_id: string
  /** The generation that had ended badly, and how. */
  gen: number
  act: 'retry' | 'skip'
  at: ColumnType<Date, Date | undefined, never>
  by_whom: string
  comment: string | null
  state: TurnState
  code: string | null
  error: string | null
  /** Of the message, when the retry changed it. */
  original_text: string | null
}
