import { ConflictError, NotFoundError } from '../../agent/errors.ts'
import type { Approval, ApprovalAnswer, ApprovalsPort } from '../../api/approvals-port.ts'
import { withRetry } from '../../database/failures.ts'
import { pageOf } from '../../schema/page-cursor.ts'
import { storableText } from '../../schema/text.ts'
import { type ApprovalRow, answerApproval } from '../../turns/answer-approval.ts'
import { findApproval, listApprovals } from '../../turns/approvals.ts'
import type { ApiParts } from './parts.ts'

type Parts = Pick<ApiParts, 'db' | 'kick' | 'turnDeadlineMs'>

/** Actions that wait for consent, and the answers. */
export function createApprovalsPort(parts: Parts): ApprovalsPort {
  return {
    async list(page) {
      const rows = await listApprovals(parts.db, { ...page, limit: page.limit + 1 })
      const { shown, next } = pageOf(rows, page.limit)
      return { approvals: shown.map(toApproval), next }
    },
    async get(id) {
      const row = await findApproval(parts.db, id)
      if (!row) throw new NotFoundError('approval', id)
      return toApproval(row)
    },
    answer: (id, answer) => giveAnswer(parts, id, answer),
  }
}

/** @throws {NotFoundError} @throws {ConflictError} another answer stands. */
export async function giveAnswer(
  { db, kick, turnDeadlineMs }: Parts,
  id: string,
  { comment, by, ...answer }: ApprovalAnswer,
): Promise<Approval> {
  const given = { ...answer, by: storableText(by), comment: comment && storableText(comment) }
  const answered = await withRetry(() => answerApproval(db, { ...given, id, turnDeadlineMs }))
  if (!answered) throw new NotFoundError('approval', id)
  if (answered.head) kick(answered.head)
  if (!answered.isOurs) throw new ConflictError(standing(answered.approval))
  return toApproval(answered.approval)
}

function standing({ id, state, answered_by: by, answered_at: at }: ApprovalRow): string {
  const when = at === null ? '' : ` at ${at.toISOString()}`
  if (state === 'expired') return `The approval '${id}' expired${when}: nobody answered in time.`
  if (state === 'cancelled') return `The approval '${id}' fell away${when}: its turn has ended.`
  return `The approval '${id}' was ${state} by '${by}'${when}. The first answer stands.`
}

export const toApproval = (row: ApprovalRow): Approval => ({
  id: row.id,
  agentId: row.agent_id,
  roomId: row.room_id,
  channelId: row.channel_id,
  turnId: row.turn_id,
  action: row.action,
  parameters: row.parameters,
  question: row.question,
  approvableBy: row.approvable_by,
  entityId: row.entity_id,
  messageId: row.message_id,
  state: row.state,
  requestedAt: row.requested_at.getTime(),
  deadlineAt: row.deadline_at.getTime(),
  answeredAt: row.answered_at?.getTime() ?? null,
  answeredBy: row.answered_by,
  answeredVia: row.answered_via,
  comment: row.comment,
})
