import { type Kysely, sql } from 'kysely'
import type { VendorLimits } from '../agent/models.ts'
import type { Database } from '../schema/database.ts'
import { countedTokens, requestPace, tokenPace } from './pace.ts'

type Db = Kysely<Database>

/** Primary key of an account's row. */
export interface RateKey {
  readonly vendor: string
  readonly host: string
  readonly account: string
}

export interface Reservation {
  /** False: nothing was reserved, because the time would be too far away. */
  readonly isGranted: boolean
  /** Milliseconds from now until the call may begin, or could have begun. */
  readonly waitMs: number
  /** The same as milliseconds since the epoch, by the database's clock. */
  readonly at: number
}

const ms = (count: number) => sql`${count}::float8 * interval '1 millisecond'`
const isRow = ({ vendor, host, account }: RateKey) =>
  sql`vendor = ${vendor} and host = ${host} and account = ${account}`

/**
 * Reserves the first time at which a call of `tokens` fits into the account's limits: behind everything
 * that any process has reserved before. One statement under the lock of the row: the generic cell rate
 * algorithm, for requests and tokens together. A call that is larger than a burst waits until nothing is
 * owed for as long as the rest of it takes.
 */
export async function reserve(
  db: Db,
  key: RateKey,
  { limits, tokens, maxAheadMs }: { limits: VendorLimits; tokens: number; maxAheadMs: number },
): Promise<Reservation> {
  const request = requestPace(limits)
  const token = tokenPace(limits)
  const count = countedTokens(tokens, limits)
  const oneRequest = ms(request.everyMs)
  const itsTokens = ms(count * token.everyMs)
  const { rows } = await sql<Reservation>`
    insert into model_rates as r (vendor, host, account, requests_free_at, tokens_free_at, granted_at,
      requests_per_minute, tokens_per_minute, minute, minute_requests, minute_tokens)
    select ${key.vendor}, ${key.host}, ${key.account}, c.now + ${oneRequest}, c.now + ${itsTokens}, c.now,
      ${limits.requestsPerMinute ?? null}::float8, ${limits.tokensPerMinute ?? null}::float8,
      date_trunc('minute', c.now), 1, ${count}::float8
    from (select clock_timestamp() as now) c
    on conflict (vendor, host, account) do update set
      (requests_free_at, tokens_free_at, granted_at, is_granted, requests_per_minute, tokens_per_minute,
        minute, minute_requests, minute_tokens, updated_at) = (
      select
        case when g.ok then greatest(r.requests_free_at, g.at) + ${oneRequest} else r.requests_free_at end,
        case when g.ok then greatest(r.tokens_free_at, g.at) + ${itsTokens} else r.tokens_free_at end,
        g.at, g.ok, excluded.requests_per_minute, excluded.tokens_per_minute, date_trunc('minute', g.now),
        case when r.minute = date_trunc('minute', g.now) then r.minute_requests else 0 end + g.ok::int,
        case when r.minute = date_trunc('minute', g.now) then r.minute_tokens else 0 end
          + g.ok::int * ${count}::float8,
        g.now
      from (
        select t.now, t.at, t.at <= t.now + ${ms(maxAheadMs)} as ok from (
          select c.now, greatest(c.now, r.requests_free_at + ${ms((1 - request.burst) * request.everyMs)},
            r.tokens_free_at + ${ms((count - token.burst) * token.everyMs)}, r.paused_until) as at
          from (select clock_timestamp() as now) c
        ) t
      ) g)
    returning is_granted as "isGranted", (extract(epoch from granted_at) * 1000)::float8 as at,
      greatest(extract(epoch from granted_at - clock_timestamp()) * 1000, 0)::float8 as "waitMs"`.execute(
    db,
  )
  return rows[0] ?? { isGranted: true, waitMs: 0, at: Date.now() }
}

export interface Correction {
  readonly limits: VendorLimits
  /** What a call used more (or, below 0, less) than was reserved for it. */
  readonly tokens: number
  /** `at` of the reservation of a call that was not made. */
  readonly unmadeAt?: number
}

/**
 * Corrects what was reserved for a call. One that was not made gives back its request, and the rest that
 * preceded a large call, while nobody has reserved behind it; its request alone within its own interval
 * too. Later the account may have come to rest meanwhile: one too many would fit into a minute.
 */
export async function correctRate(
  db: Db,
  key: RateKey,
  { limits, tokens, unmadeAt }: Correction,
): Promise<void> {
  const token = tokenPace(limits)
  const { everyMs } = requestPace(limits)
  const at = sql`${unmadeAt ?? 0}::float8`
  const isLast = sql`(extract(epoch from granted_at) * 1000)::float8 = ${at}`
  const isBack = sql`(${isLast} or (extract(epoch from clock_timestamp()) * 1000)::float8 < ${at} + ${everyMs}::float8)`
  const restMs = Math.max(-tokens - token.burst, 0) * token.everyMs
  await sql`
    update model_rates set
      tokens_free_at = tokens_free_at + ${ms(tokens * token.everyMs)} - (${isLast})::int * ${ms(restMs)},
      minute_tokens = greatest(minute_tokens + ${tokens}::float8, 0),
      requests_free_at = requests_free_at - ${isBack}::int * ${ms(everyMs)},
      minute_requests = greatest(minute_requests - ${isBack}::int, 0), updated_at = clock_timestamp()
    where ${isRow(key)}`.execute(db)
}

/** Nobody begins a call for so long. An earlier pause that lasts longer stays. */
export async function pauseAccount(db: Db, key: RateKey, pauseMs: number): Promise<void> {
  await sql`
    insert into model_rates as r (vendor, host, account, paused_until)
    values (${key.vendor}, ${key.host}, ${key.account}, clock_timestamp() + ${ms(pauseMs)})
    on conflict (vendor, host, account) do update set
      paused_until = greatest(r.paused_until, excluded.paused_until), updated_at = clock_timestamp()`.execute(
    db,
  )
}

/** A vendor that asks for more is asked by somebody else's call again. */
const MAX_PAUSED_ROWS = 500

export async function readPauses(
  db: Db,
): Promise<readonly (RateKey & { readonly pauseMs: number })[]> {
  const { rows } = await sql<RateKey & { readonly pauseMs: number }>`
    select vendor, host, account,
      (extract(epoch from paused_until - clock_timestamp()) * 1000)::float8 as "pauseMs"
    from model_rates where paused_until > clock_timestamp()
    order by paused_until desc limit ${MAX_PAUSED_ROWS}::int`.execute(db)
  return rows
}

/** Forgets accounts that nobody has used for an hour: nothing of a minute is left of them. */
export async function forgetOldRates(db: Db): Promise<void> {
  await sql`
    delete from model_rates where updated_at < clock_timestamp() - interval '1 hour'
      and (paused_until is null or paused_until < clock_timestamp())`.execute(db)
}

export interface RateRow extends RateKey {
  readonly requestsPerMinute: number | null
  readonly tokensPerMinute: number | null
  /** Since the full minute. */
  readonly requests: number
  readonly tokens: number
  readonly pausedUntil: Date | null
}

/** For operators: the accounts that were used last. */
export async function readRates(db: Db, limit: number): Promise<readonly RateRow[]> {
  const isNow = sql`minute = date_trunc('minute', clock_timestamp())`
  const { rows } = await sql<RateRow>`
    select vendor, host, account, requests_per_minute as "requestsPerMinute",
      tokens_per_minute as "tokensPerMinute", case when ${isNow} then minute_requests else 0 end as requests,
      case when ${isNow} then minute_tokens else 0 end as tokens,
      case when paused_until > clock_timestamp() then paused_until end as "pausedUntil"
    from model_rates order by updated_at desc limit ${limit}::int`.execute(db)
  return rows
}
