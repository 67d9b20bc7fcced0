import { ConflictError, NotFoundError } from '../../agent/errors.ts'
import type { Approval, ApprovalsPort } from '../../api/approvals-port.ts'

const STATES = { approve: 'approved', deny: 'denied' } as const

/** Approvals in memory, by the rules of the real ones. */
export function fakeApprovalsPort(
  approvals: Approval[] = [],
  onAnswer: (approval: Approval) => void = () => {},
): ApprovalsPort {
  const get = async (id: string) => {
    const approval = approvals.find((one) => one.id === id)
    if (!approval) throw new NotFoundError('approval', id)
    return approval
  }
  return {
    get,
    list: async ({ limit, before = Number.POSITIVE_INFINITY, agentId, turnId, state }) =>
      approvals
        .filter((one) => one.requestedAt < before && (agentId ?? one.agentId) === one.agentId)
        .filter(
          (one) => (turnId ?? one.turnId) === one.turnId && (state ?? one.state) === one.state,
        )
        .toSorted((a, b) => b.requestedAt - a.requestedAt)
        .slice(0, limit),
    async answer(id, { decision, by, via, comment = null }) {
      const known = await get(id)
      const state = STATES[decision]
      if (known.state === state) return known
      if (known.state !== 'pending') throw new ConflictError(`It was ${known.state}.`)
      const answer = { answeredBy: by, answeredVia: via, answeredAt: Date.now(), comment }
      const answered = { ...known, ...answer, state }
      approvals.splice(approvals.indexOf(known), 1, answered)
      onAnswer(answered)
      return answered
    },
  }
}
