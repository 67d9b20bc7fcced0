import type { ColumnType, JSONColumnType } from 'kysely'
import type { ApprovableBy, ApprovalDoor, ApprovalState } from './approval.ts'
import type { JsonObject } from './json.ts'

/** An action that waits for consent, and who gave or refused it: the audit row. Never deleted by itself. */
export interface ApprovalsTable {
  id: string
  agent_id: string
  room_id: string
  channel_id: string
  turn_id: string
  /** Generation of the turn that was parked. */
  gen: number
  /** Journal key of the action's step. */
  step: string
  action: string
  /** Exactly what was asked about, and is run. */
  parameters: JSONColumnType<JsonObject>
  question: string
  approvable_by: ApprovableBy
  /** Whose message led to it, as the agent knows them. */
  entity_id: string
  /** The message that asks. */
  message_id: string
  state: ApprovalState
  requested_at: ColumnType<Date, Date | undefined, never>
  deadline_at: Date
  answered_at: Date | null
  /** An entity's id, or what a caller of the API calls itself. */
  answered_by: string | null
  answered_via: ApprovalDoor | null
  comment: string | null
}
