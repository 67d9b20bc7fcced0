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

/** What calls are added up by first: a room and a user are looked up once per turn, not once per call. */
const FIRST_KEYS: Readonly<Record<SpendingKey, RawBuilder<unknown>>> = {
  day: sql`to_char(created_at at time zone 'utc', 'YYYY-MM-DD')`,
  model: sql`vendor || '/' || model`,
  room: sql`turn_id`,
  user: sql`turn_id`,
}

const KEYS: Readonly<Record<SpendingKey, RawBuilder<unknown>>> = {
  day: sql`f.first_key as key from firsts f`,
  model: sql`f.first_key as key from firsts f`,
  room: sql`t.room_id::text as key from firsts f left join turns t on t.id = f.first_key`,
  user: sql`t.entity_id::text as key from firsts f left join turns t on t.id = f.first_key`,
}

const TOKENS = ['input_tokens', 'output_tokens', 'cached_tokens', 'cache_write_tokens'] as const
const COUNTS = ['complete', 'cut', 'unknown', 'pending', 'unpriced'] as const

/** The total first, then the groups: days in their order, others by what they cost. Reads the range once. */
export async function spentBy(db: Kysely<Database>, input: SpendingInput): Promise<SpentRow[]> {
  const { agentId, from, to, groupBy, limit } = input
  const states = COUNTS.slice(0, -1).map(
    (state) => sql`count(*) filter (where state = ${state}) as ${sql.ref(state)}`,
  )
  const sums = [...TOKENS, 'cost'].map(
    (column) => sql`sum(${sql.ref(column)}) as ${sql.ref(column)}`,
  )
  const { rows } = await sql<SpentRow>`
    with firsts as (
      select ${FIRST_KEYS[groupBy]} as first_key, ${sql.join([...states, ...sums])},
        count(*) filter (where cost is null and state <> 'pending') as unpriced
      from model_calls
      where agent_id = ${agentId} and created_at >= ${from}::timestamp at time zone 'utc'
        and created_at < (${to}::timestamp + interval '1 day') at time zone 'utc'
      group by 1
    ), asked as (
      select f.*, ${KEYS[groupBy]}
    )
    select grouping(key) = 1 as is_total, key, ${sql.join([
      ...COUNTS.map((name) => sql`coalesce(sum(${sql.ref(name)}), 0)::int as ${sql.ref(name)}`),
      ...[...TOKENS, 'cost'].map(
        (name) => sql`coalesce(sum(${sql.ref(name)}), 0)::float8 as ${sql.ref(name)}`,
      ),
    ])}
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
