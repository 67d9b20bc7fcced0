import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { BudgetPeriod, BudgetScope, BudgetUnit } from '../schema/budget.ts'
import type { Database } from '../schema/database.ts'

export type SpendingKey = 'day' | 'model' | 'room' | 'user'

export interface SpendingInput {
  readonly agentId: string
  /** First and last day of UTC. */
  readonly from: string
  readonly to: string
  readonly groupBy: SpendingKey
  /** Groups at most. */
  readonly limit: number
}

export interface SpentRow {
  readonly is_total: boolean
  readonly key: string | null
  readonly complete: number
  readonly cut: number
  readonly unknown: number
  readonly pending: number
  readonly input_tokens: number
  readonly output_tokens: number
  readonly cached_tokens: number
  readonly cache_write_tokens: number
  readonly cost: number
  readonly unpriced: number
}

const KEYS: Readonly<Record<SpendingKey, RawBuilder<unknown>>> = {
  day: sql`to_char(c.created_at at time zone 'utc', 'YYYY-MM-DD')`,
  model: sql`c.vendor || '/' || c.model`,
  room: sql`(select t.room_id from turns t where t.id = c.turn_id)::text`,
  user: sql`(select t.entity_id from turns t where t.id = c.turn_id)::text`,
}

/** The total first, then the groups: days in their order, others by what they cost. Reads the range once. */
export async function spentBy(db: Kysely<Database>, input: SpendingInput): Promise<SpentRow[]> {
  const { agentId, from, to, groupBy, limit } = input
  const sum = (column: string) => sql`coalesce(sum(${sql.ref(column)}), 0)::float8`
  const states = (state: string) => sql`(count(*) filter (where state = ${state}))::int`
  const { rows } = await sql<SpentRow>`
    with asked as (
      select ${KEYS[groupBy]} as key, state, cost, input_tokens, output_tokens, cached_tokens, cache_write_tokens
      from model_calls c
      where agent_id = ${agentId} and created_at >= ${from}::timestamp at time zone 'utc'
        and created_at < (${to}::timestamp + interval '1 day') at time zone 'utc'
    )
    select grouping(key) = 1 as is_total, key, ${states('complete')} as complete, ${states('cut')} as cut,
      ${states('unknown')} as unknown, ${states('pending')} as pending, ${sum('input_tokens')} as input_tokens,
      ${sum('output_tokens')} as output_tokens, ${sum('cached_tokens')} as cached_tokens,
      ${sum('cache_write_tokens')} as cache_write_tokens, ${sum('cost')} as cost,
      (count(*) filter (where cost is null and state <> 'pending'))::int as unpriced
    from asked group by grouping sets ((), (key))
    order by is_total desc, ${
      groupBy === 'day' ? sql`key` : sql`cost desc, input_tokens desc, key nulls last`
    }
    limit ${limit + 1}`.execute(db)
  return rows
}

export interface UsedRow {
  readonly scope: BudgetScope
  readonly scope_id: string
  readonly period: BudgetPeriod
  readonly unit: BudgetUnit
  readonly used: number
}

/** What is used now of the counts of an agent: of each kind the `limit` highest, highest first. */
export async function usedNow(
  db: Kysely<Database>,
  agentId: string,
  limit: number,
): Promise<UsedRow[]> {
  const { rows } = await sql<UsedRow>`
    with ranked as (
      select scope, scope_id, period, unit, used,
        row_number() over (partition by scope, period, unit order by used desc) as rank
      from budget_usage
      where agent_id = ${agentId} and starts >= date_trunc('month', now() at time zone 'utc')::date
        and starts = date_trunc(period, now() at time zone 'utc')::date
    )
    select scope, scope_id, period, unit, used::float8 from ranked where rank <= ${limit}
    order by used desc, scope_id`.execute(db)
  return rows
}

/** Some dozen milliseconds of work; an agent of many people has a count per person and day. */
export const MAX_DELETED_COUNTS = 10_000

/**
 * Deletes counts whose month is over by more than one: a call that was reserved there, and came back
 * late, still finds its own. Waits for nobody, so that several processes may do so at the same time.
 * @returns how many: 10,000 at most, and then there may be more
 */
export async function deleteOldCounts(db: Kysely<Database>): Promise<number> {
  const { numAffectedRows = 0n } = await sql`
    delete from budget_usage where ctid = any(array(
      select ctid from budget_usage
      where starts < (date_trunc('month', now() at time zone 'utc') - interval '1 month')::date
      order by starts limit ${MAX_DELETED_COUNTS}::int for update skip locked))`.execute(db)
  return Number(numAffectedRows)
}
