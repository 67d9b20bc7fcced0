import type { Kysely } from 'kysely'
import type { Approvals } from '../agent/approvals.ts'
import { withRetry } from '../database/failures.ts'
import type { Database } from '../schema/database.ts'
import { answerApproval } from '../turns/answer-approval.ts'
import { approvalOfStep, isAnswerable, pendingApprovals } from '../turns/approvals.ts'
import { park } from '../turns/park.ts'

export interface Deadlines {
  /** How long somebody may think about an approval. Milliseconds. */
  readonly approvalMs: number
  /** What a turn gets once it is answered. Milliseconds. */
  readonly turnMs: number
}

const DEFAULT_DEADLINES: Deadlines = { approvalMs: 24 * 3_600_000, turnMs: 300_000 }

/** Approvals in Postgres, for the steps of turns. */
export function approvalStore(db: Kysely<Database>, deadlines = DEFAULT_DEADLINES): Approvals {
  return {
    find: (id) => approvalOfStep(db, id),
    pending: (place) => pendingApprovals(db, place),
    park: (input) => withRetry(() => park(db, input, deadlines.approvalMs)),
    async answer(answer, { roomId, entityId }) {
      if (!(await isAnswerable(db, { id: answer.id, roomId, entityId }))) return undefined
      const given = { ...answer, by: entityId, via: 'choose_option' } as const
      const turnDeadlineMs = deadlines.turnMs
      // No head to start: the turn that answers is the head of its room.
      const answered = await withRetry(() => answerApproval(db, { ...given, turnDeadlineMs }))
      return answered && { state: answered.approval.state, isOurs: answered.isOurs }
    },
  }
}
