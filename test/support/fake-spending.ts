import { NotFoundError } from '../../agent/errors.ts'
import type { AgentDetails } from '../../api/deps.ts'
import type { SpendingPort } from '../../api/spending-port.ts'

/** Every agent has spent the same, in one group, and has one budget. */
export const fakeSpending = ({
  agents,
}: {
  readonly agents: ReadonlyMap<string, AgentDetails>
}): SpendingPort => ({
  async report(agentId, range) {
    if (!agents.has(agentId)) throw new NotFoundError('agent', agentId)
    const spent = {
      calls: { complete: 2, cut: 1, unknown: 0, pending: 0 },
      ...{ inputTokens: 1_200, outputTokens: 34, cachedTokens: 1_000, cacheWriteTokens: 0 },
      ...{ cost: 0.25, unpricedCalls: 1 },
    }
    const key = range.groupBy === 'day' ? range.to : `a ${range.groupBy}`
    const budget = {
      per: 'agent',
      period: 'day',
      unit: 'money',
      limit: 1,
      atLimit: 'stop',
    } as const
    return {
      ...{ agentId, ...range, totals: spent, groups: [{ key, ...spent }], hasMore: false },
      budgets: [{ ...budget, resetsAt: 1_800_000_000_000, counts: [{ id: agentId, used: 0.25 }] }],
    }
  },
})
