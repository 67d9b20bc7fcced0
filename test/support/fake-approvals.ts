import type { Approvals } from '../../agent/approvals.ts'
import type { ApprovalState } from '../../schema/approval.ts'
import type { TurnInput } from '../../schema/turn.ts'
import { isActive, type Rows, rowOf, stepKey } from './fake-rows.ts'

/** Approvals of one room (turns/park.ts) on rows in memory; a test answers one by setting its state. */
export function fakeApprovals(rows: Rows): Approvals {
  return {
    find: async (id) => rows.approvals.get(id),
    pending: async () => [...rows.approvals.values()].filter(({ state }) => state === 'pending'),
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
        rows.approvals.set(id, {
          ...request,
          id,
          state: 'pending',
          answeredBy: null,
          comment: null,
        })
      }
      if (turn?.state !== 'waiting_approval') return { kind: 'refused' }
      const [first] = [...rows.turns.values()]
        .filter(isActive)
        .sort((a, b) => a.loaded.seq - b.loaded.seq)
      const { turnId = '', gen = 1, agentId = '', deadlineAt = 0 } = first?.loaded ?? {}
      const head = { turnId, gen, agentId, roomId: turn.loaded.room.id, deadlineAt }
      return {
        kind: 'parked',
        hasOutbox: false,
        head: first?.state === 'queued' ? head : undefined,
      }
    },
  }
}

/** As an answer does: the parked turn is queued as its next generation, with what its steps found out. */
export function approveParked({ rows }: { rows: Rows }, turn: TurnInput): TurnInput {
  const next = { ...turn, gen: turn.gen + 1 }
  const row = rowOf(rows, turn)
  if (!row) throw new Error('There is no such turn.')
  Object.assign(row, {
    loaded: { ...row.loaded, gen: next.gen },
    state: 'queued',
    runId: undefined,
  })
  for (const approval of rows.approvals.values()) Object.assign(approval, { state: 'approved' })
  for (const step of ['shouldRespond', 'composeState', 'decide']) {
    const done = rows.steps.get(stepKey(turn, step))
    const prompt = rows.prompts.get(stepKey(turn, step))
    const result =
      step === 'decide' ? { ...done?.result, gen: turn.gen, reply: null } : done?.result
    if (done) rows.steps.set(stepKey(next, step), { ...done, result })
    if (prompt) rows.prompts.set(stepKey(next, step), prompt)
  }
  return next
}
