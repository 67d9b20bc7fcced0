import type {
  ApprovableBy,
  ApprovalDoor,
  ApprovalOption,
  ApprovalState,
} from '../schema/approval.ts'
import type { JsonObject } from '../schema/json.ts'
import type { PageCursor } from '../schema/page-cursor.ts'

/** An action that waits for consent, and who gave or refused it. Times in milliseconds since the epoch. */
export interface Approval {
  readonly id: string
  readonly agentId: string
  readonly roomId: string
  readonly channelId: string
  readonly turnId: string
  readonly action: string
  /** Exactly what is run when it is approved. */
  readonly parameters: JsonObject
  readonly question: string
  /** Who may answer in the room; callers of the API always may. */
  readonly approvableBy: ApprovableBy
  /** Whose message led to it, as the agent knows them. */
  readonly entityId: string
  /** The message that asks. */
  readonly messageId: string
  readonly state: ApprovalState
  readonly requestedAt: number
  readonly deadlineAt: number
  readonly answeredAt: number | null
  readonly answeredBy: string | null
  readonly answeredVia: ApprovalDoor | null
  readonly comment: string | null
}

export interface ApprovalAnswer {
  readonly decision: ApprovalOption
  readonly by: string
  readonly via: ApprovalDoor
  readonly comment?: string
}

export interface ApprovalPage {
  readonly limit: number
  readonly before?: PageCursor
  readonly agentId?: string
  readonly channelId?: string
  readonly turnId?: string
  readonly state?: ApprovalState
}

export interface ApprovalsPort {
  /** Newest first. `next` is the cursor of the next page, null on the last one. */
  list(
    page: ApprovalPage,
  ): Promise<{ readonly approvals: readonly Approval[]; readonly next: string | null }>
  /** @throws {NotFoundError} */
  get(id: string): Promise<Approval>
  /**
   * Queues the turn again. The same answer twice is one answer.
   * @throws {NotFoundError} @throws {ConflictError} another answer stands; the message says whose.
   */
  answer(id: string, answer: ApprovalAnswer): Promise<Approval>
}
