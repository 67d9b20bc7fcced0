import { type Kysely, sql } from 'kysely'
import type { BudgetLine } from '../../agent/budgets.ts'
import type { Database } from '../../schema/database.ts'

/** A line of a day's charge; whatever its scope, it counts under the agent's id. */
export const agentLine = (
  { agentId }: { readonly agentId: string },
  line: Pick<BudgetLine, 'unit' | 'limit' | 'amount'> & Partial<BudgetLine>,
): BudgetLine => ({
  ...{ scope: 'agent', scopeId: agentId, period: 'day', atLimit: 'apology' },
  ...line,
})

/** What is used of an agent's budgets, by scope, period and unit. */
export async function usedOf(
  db: Kysely<Database>,
  agentId: string,
): Promise<Readonly<Record<string, number>>> {
  const { rows } = await sql<{ key: string; used: number }>`
    select concat_ws(' ', scope, period, unit) as key, sum(used)::float8 as used
    from budget_usage where agent_id = ${agentId} group by 1`.execute(db)
  return Object.fromEntries(rows.map(({ key, used }) => [key, used]))
}
