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
    async list({ limit, before, ...wanted }) {
      const all = approvals
        .filter((one) => !before || one.requestedAt * 1_000 < Number(before.atMicros))
        .filter((one) => (wanted.agentId ?? one.agentId) === one.agentId)
        .filter((one) => (wanted.channelId ?? one.channelId) === one.channelId)
        .filter((one) => (wanted.turnId ?? one.turnId) === one.turnId)
        .filter((one) => (wanted.state ?? one.state) === one.state)
        .toSorted((a, b) => b.requestedAt - a.requestedAt)
      const shown = all.slice(0, limit)
      const last = all.length > limit ? shown.at(-1) : undefined
      return { approvals: shown, next: last ? `${last.requestedAt * 1_000}.${last.id}` : null }
    },
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
