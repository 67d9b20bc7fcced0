import type { Approvals } from '../../agent/approvals.ts'
import type { ApprovalState } from '../../schema/approval.ts'
import { isActive, type Rows, rowOf } from './fake-rows.ts'

/** Approvals of one room (turns/park.ts) on rows in memory; a test answers one by setting its state. */
export function fakeApprovals(rows: Rows): Approvals {
  return {
    find: async (id) => rows.approvals.get(id),
    pending: async () =>
      [...rows.approvals.values()].filter(({ state }) => state === 'pending'),
    async answer({ id, decision, comment = null }) {
      const row = rows.approvals.get(id)
      if (!row) return undefined
      const state: ApprovalState = decision === 'approve' ? 'approved' : 'denied'
      if (row.state === 'pending') Object.assign(row, { state, comment, answeredBy: 'someone' })
      return { state: row.state, isOurs: row.state === state }
    },
    async park({ attempt, approvalId: id, request, reply }) {
      const turn = rowOf(rows, attempt)
      if (turn?.state === 'running' && turn.runId === attempt.runId) {
        Object.assign(turn, { state: 'waiting_approval', reply: reply ?? turn.reply })
        rows.approvals.set(id, { ...request, id, state: 'pending', answeredBy: null, comment: null })
      }
      if (turn?.state !== 'waiting_approval') return { kind: 'refused' }
      const [first] = [...rows.turns.values()]
        .filter(isActive)
        .sort((a, b) => a.loaded.seq - b.loaded.seq)
      const { turnId = '', gen = 1, agentId = '', deadlineAt = 0 } = first?.loaded ?? {}
      const head = { turnId, gen, agentId, roomId: turn.loaded.room.id, deadlineAt }
      return { kind: 'parked', hasOutbox: false, head: first?.state === 'queued' ? head : undefined }
    },
  }
}
