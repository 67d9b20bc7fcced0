import type {
  ApprovableBy,
  ApprovalDoor,
  ApprovalOption,
  ApprovalState,
} from '../schema/approval.ts'
import type { JsonObject } from '../schema/json.ts'

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

export interface ApprovalsPort {
  /** Newest first. `before` in milliseconds since the epoch. */
  list(page: {
    limit: number
    before?: number
    agentId?: string
    turnId?: string
    state?: ApprovalState
  }): Promise<readonly Approval[]>
  /** @throws {NotFoundError} */
  get(id: string): Promise<Approval>
  /**
   * Queues the turn again. The same answer twice is one answer.
   * @throws {NotFoundError} @throws {ConflictError} another answer stands; the message says whose.
   */
  answer(id: string, answer: ApprovalAnswer): Promise<Approval>
}
