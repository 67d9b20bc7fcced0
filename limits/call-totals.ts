import { type Kysely, sql } from 'kysely'
import type { Database } from '../schema/database.ts'

type Db = Kysely<Database>

/** Upper ends of the latency buckets; what takes longer is in one more. */
export const LATENCY_BUCKETS_MS: readonly number[] = [
  ...[250, 500, 1_000, 2_500, 5_000, 10_000, 20_000, 40_000, 80_000],
]

/** Whoever writes that a call has ended has committed by then. */
const SETTLED_MS = 10_000

/** What one look adds up at most: after a pause of days, metrics catch up look by look. */
const MOST_MS = 6 * 3_600_000

/** Agents may name models of their own: the rest are added up under `other`. */
const MOST_MODELS = 200

/**
 * Adds the calls that have ended since the last look to the totals. One statement, which reads those
 * calls only, by their index; looks of several processes follow one another. A call that ends twice
 * (given up, and answered late) is counted twice.
 */
export async function addUpCalls(db: Db): Promise<void> {
  const buckets = sql`${`{${LATENCY_BUCKETS_MS.join()}}`}::float8[]`
  await sql`
    with span as (
      update model_call_totals_mark set counted_from = counted_to,
        counted_to = greatest(counted_to, least(
          clock_timestamp() - ${SETTLED_MS}::float8 * interval '1 millisecond',
          counted_to + ${MOST_MS}::float8 * interval '1 millisecond'))
      returning counted_from, counted_to
    )
    insert into model_call_totals as t (vendor, model, state, bucket, calls, input_tokens, output_tokens,
      cached_tokens, cost, unpriced_calls, latency_ms)
    select vendor, model, state, coalesce(width_bucket(latency_ms - 0.5::float8, ${buckets}), -1),
      count(*), coalesce(sum(input_tokens), 0), coalesce(sum(output_tokens), 0),
      coalesce(sum(cached_tokens), 0), coalesce(sum(cost), 0), count(*) filter (where cost is null),
      coalesce(sum(latency_ms), 0)
    from model_calls
    where finished_at > (select counted_from from span) and finished_at <= (select counted_to from span)
      and state <> 'pending'
    group by 1, 2, 3, 4
    on conflict (vendor, model, state, bucket) do update set calls = t.calls + excluded.calls,
      input_tokens = t.input_tokens + excluded.input_tokens,
      output_tokens = t.output_tokens + excluded.output_tokens,
      cached_tokens = t.cached_tokens + excluded.cached_tokens, cost = t.cost + excluded.cost,
      unpriced_calls = t.unpriced_calls + excluded.unpriced_calls,
      latency_ms = t.latency_ms + excluded.latency_ms`.execute(db)
}

/** Calls that have ended, of one model, state and latency bucket. */
export interface CallTotals {
  readonly vendor: string
  readonly model: string
  readonly state: string
  /** Index into `LATENCY_BUCKETS_MS`, its length for longer ones, -1 when the latency is unknown. */
  readonly bucket: number
  readonly calls: number
  readonly inputTokens: number
  readonly outputTokens: number
  readonly cachedTokens: number
  /** US dollars, of those whose price is known. */
  readonly cost: number
  readonly unpricedCalls: number
  readonly latencyMs: number
}

export async function readCallTotals(db: Db): Promise<readonly CallTotals[]> {
  const { rows } = await sql<CallTotals>`
    with shown as (
      select vendor, model from model_call_totals group by 1, 2
      order by sum(calls) desc, 1, 2 limit ${MOST_MODELS}::int
    )
    select t.vendor, coalesce(shown.model, 'other') as model, t.state, t.bucket,
      sum(t.calls)::float8 as calls, sum(t.input_tokens)::float8 as "inputTokens",
      sum(t.output_tokens)::float8 as "outputTokens", sum(t.cached_tokens)::float8 as "cachedTokens",
      sum(t.cost)::float8 as cost, sum(t.unpriced_calls)::float8 as "unpricedCalls",
      sum(t.latency_ms)::float8 as "latencyMs"
    from model_call_totals t left join shown using (vendor, model)
    group by 1, 2, 3, 4 order by 1, 2, 3, 4`.execute(db)
  return rows
}

export interface PendingCalls {
  readonly vendor: string
  readonly calls: number
}

/** Calls that nobody has heard the end of, by vendor. */
export async function readPendingCalls(db: Db): Promise<readonly PendingCalls[]> {
  const { rows } = await sql<PendingCalls>`
    select vendor, count(*)::int as calls from model_calls where state = 'pending'
    group by vendor order by vendor limit 100`.execute(db)
  return rows
}
