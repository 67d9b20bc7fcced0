import type { ApprovableBy, ApprovalOption, ApprovalState } from '../schema/approval.ts'
import type { JsonObject } from '../schema/json.ts'
import type { HeadTurn } from '../schema/turn.ts'
import type { Content } from './memory.ts'
import type { LoadedTurn, Reply, StepAttempt } from './ports.ts'

/** An action that waits for consent, as the room sees it. */
export interface PendingApproval {
  readonly id: string
  readonly action: string
  /** Exactly what is run when it is approved. */
  readonly parameters: JsonObject
  readonly question: string
}

/** What somebody said about it. */
export interface ApprovalAnswer {
  readonly id: string
  readonly decision: ApprovalOption
  readonly comment?: string
}

/** How it stands after an answer; `isOurs` is false when another answer was there first. */
export interface AnsweredApproval {
  readonly state: ApprovalState
  readonly isOurs: boolean
}

/** Undefined when there is no such approval, or the author of the message may not answer it. */
export type AnswerApproval = (answer: ApprovalAnswer) => Promise<AnsweredApproval | undefined>

/** Whoever wants to know how a step's approval stands. */
export interface FoundApproval {
  readonly id: string
  readonly state: ApprovalState
  readonly parameters: JsonObject
  readonly answeredBy: string | null
  readonly comment: string | null
}

/** What `runAction` leaves for `park`. */
export interface ApprovalRequest {
  readonly action: string
  readonly parameters: JsonObject
  readonly question: string
  readonly approvableBy: ApprovableBy
}

/** The question that is put into the room, and what the turn has said before it. */
export interface ParkInput {
  readonly attempt: StepAttempt
  readonly turn: LoadedTurn
  readonly approvalId: string
  /** Of the action: what is asked about. */
  readonly step: string
  readonly request: ApprovalRequest
  readonly reply: Reply | null
  readonly question: Content
  /** The room's connector; null for our own clients. */
  readonly outboxSource: string | null
}

export type Parked =
  | {
      readonly kind: 'parked'
      readonly hasOutbox: boolean
      /** The room's next turn, if it waits to be started. */
      readonly head: HeadTurn | undefined
    }
  /** The turn was told to stop, or has moved on: it does not wait. */
  | { readonly kind: 'refused' }

/** Approvals, as the steps of a turn need them. `bin/ports.ts` makes the real ones. */
export interface Approvals {
  find(id: string): Promise<FoundApproval | undefined>
  /** Those of a room that the entity may answer, oldest first. */
  pending(place: { roomId: string; entityId: string }): Promise<readonly PendingApproval[]>
  /** By what somebody wrote in the room. Undefined when there is none that they may answer. */
  answer(
    answer: ApprovalAnswer,
    by: { roomId: string; entityId: string },
  ): Promise<AnsweredApproval | undefined>
  /** The turn leaves its room until it is answered. Run again, it finds the parked turn. */
  park(input: ParkInput): Promise<Parked>
}
