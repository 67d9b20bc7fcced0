import type { Kysely } from 'kysely'
import { type BudgetLimit, budgetsOf, limitsOf } from '../../agent/budgets.ts'
import { NotFoundError } from '../../agent/errors.ts'
import type { SpendingPort, SpendingReport } from '../../api/spending-port.ts'
import { findAgent } from '../../memory/agents.ts'
import type { Budget, BudgetPeriod } from '../../schema/budget.ts'
import type { Database } from '../../schema/database.ts'
import { type SpentRow, spentBy, type UsedRow, usedNow } from '../../turns/spending.ts'

const MOST_GROUPS = 100
const MOST_COUNTS = 10

export interface SpendingParts {
  readonly db: Kysely<Database>
  /** The operator's, for every agent. */
  readonly budgets: readonly Budget[]
}

/** What model calls used, by the ledger, and how budgets stand, by their counts. */
export function createSpendingPort({ db, budgets }: SpendingParts): SpendingPort {
  return {
    async report(agentId, range) {
      const agent = await findAgent(db, agentId)
      if (!agent) throw new NotFoundError('agent', agentId)
      // A year has more days than other groups are shown.
      const limit = range.groupBy === 'day' ? 366 : MOST_GROUPS
      const [[total, ...groups], used] = await Promise.all([
        spentBy(db, { agentId, ...range, limit: limit + 1 }),
        usedNow(db, agentId, MOST_COUNTS),
      ])
      if (!total) throw new Error('A sum over no rows is a row.')
      return {
        agentId,
        ...range,
        totals: toSpent(total),
        groups: groups.slice(0, limit).map((row) => ({ key: row.key, ...toSpent(row) })),
        hasMore: groups.length > limit,
        budgets: limitsOf(budgetsOf(settingsOf(agent.character), budgets)).map((budget) =>
          toStanding(agentId, budget, used),
        ),
      }
    },
  }
}

function settingsOf({ settings }: { readonly settings?: unknown }): Record<string, unknown> {
  return typeof settings === 'object' && settings !== null ? { ...settings } : {}
}

const toSpent = (row: SpentRow): SpendingReport['totals'] => ({
  calls: { complete: row.complete, cut: row.cut, unknown: row.unknown, pending: row.pending },
  inputTokens: row.input_tokens,
  outputTokens: row.output_tokens,
  cachedTokens: row.cached_tokens,
  cacheWriteTokens: row.cache_write_tokens,
  cost: row.cost,
  unpricedCalls: row.unpriced,
})

function toStanding(
  agentId: string,
  { scope, ...limit }: BudgetLimit,
  used: readonly UsedRow[],
): SpendingReport['budgets'][number] {
  const counts = used
    .filter((row) => row.scope === scope && row.period === limit.period && row.unit === limit.unit)
    .map((row) => ({ id: row.scope_id, used: row.used }))
  const unused = scope === 'agent' && counts.length === 0
  return {
    per: scope,
    ...limit,
    resetsAt: nextStart(limit.period, new Date()),
    counts: unused ? [{ id: agentId, used: 0 }] : counts,
  }
}

/** Milliseconds since the epoch. */
function nextStart(period: BudgetPeriod, now: Date): number {
  const [year, month, day] = [now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate()]
  return period === 'day' ? Date.UTC(year, month, day + 1) : Date.UTC(year, month + 1, 1)
}
