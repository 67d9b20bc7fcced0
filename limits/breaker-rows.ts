import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { BreakerState } from '../agent/breakers.ts'
import type { Database } from '../schema/database.ts'

type Db = Kysely<Database>

/** Primary key of a breaker. */
export interface BreakerKey {
  readonly vendor: string
  readonly host: string
  readonly model: string
}

export interface OpenBreakerRow extends BreakerKey {
  /** Milliseconds until a probe may be made, and until the one that is made has lost its right. */
  readonly openMs: number
  readonly probeMs: number
  /** In a row. */
  readonly openings: number
}

/** Milliseconds that a breaker stays open, by the number of openings in a row; the last one repeats. */
export type Backoff = readonly number[]

/** Vendors that are away are few; a process remembers four times as many breakers. */
const MAX_OPEN_ROWS = 500

const clock = sql`clock_timestamp()`
const interval = (ms: number | RawBuilder<unknown>) => sql`${ms}::float8 * interval '1 millisecond'`

/** Milliseconds from now, at least 0. */
const left = (column: RawBuilder<unknown>) =>
  sql<number>`coalesce(greatest(extract(epoch from ${column} - ${clock}) * 1000, 0), 0)::float8`

const isRow = ({ vendor, host, model }: BreakerKey) =>
  sql`vendor = ${vendor} and host = ${host} and model = ${model}`

/** An array literal is understood by both drivers; an array parameter is not. */
const backoffOf = (backoff: Backoff, openings: RawBuilder<unknown>) => sql`
  (${`{${backoff.join()}}`}::float8[])[least(${openings}, ${backoff.length}::int)]`

/** All that are open now, whichever process opened them. */
export async function readOpenBreakers(db: Db): Promise<readonly OpenBreakerRow[]> {
  const { rows } = await sql<OpenBreakerRow>`
    select vendor, host, model, openings, ${left(sql`open_until`)} as "openMs",
      ${left(sql`probe_until`)} as "probeMs"
    from model_breakers where state = 'open'
    order by updated_at desc limit ${MAX_OPEN_ROWS}::int`.execute(db)
  return rows
}

export interface Opening {
  readonly backoff: Backoff
  readonly errorCode: string | null
}

/** One that is open already stays as it is: its time counts from the first who opened it. */
export async function openBreaker(db: Db, key: BreakerKey, opening: Opening): Promise<void> {
  const { vendor, host, model } = key
  const { backoff, errorCode } = opening
  await sql`
    insert into model_breakers (vendor, host, model, state, since, openings, open_until, error_code, updated_at)
    values (${vendor}, ${host}, ${model}, 'open', ${clock}, 1, ${clock} + ${interval(backoff[0] ?? 0)},
      ${errorCode}, ${clock})
    on conflict (vendor, host, model) do update set state = 'open', since = excluded.since, openings = 1,
      open_until = excluded.open_until, probe_until = null, probe_token = null,
      error_code = excluded.error_code, updated_at = excluded.updated_at
    where model_breakers.state = 'closed'`.execute(db)
}

export interface Probe {
  /** Of the process that asks, new for each probe. */
  readonly token: string
  /** A probe that has not ended after this is given to whoever asks next. */
  readonly leaseMs: number
}

/**
 * The right to make the probe, for exactly one of those who ask, in one statement. A row that is missing,
 * because nobody could write it, is written.
 */
export async function claimProbe(db: Db, key: BreakerKey, probe: Probe): Promise<boolean> {
  const { vendor, host, model } = key
  const { rows } = await sql`
    insert into model_breakers
      (vendor, host, model, state, since, openings, open_until, probe_until, probe_token, updated_at)
    values (${vendor}, ${host}, ${model}, 'open', ${clock}, 1, ${clock}, ${clock} + ${interval(probe.leaseMs)},
      ${probe.token}, ${clock})
    on conflict (vendor, host, model) do update set probe_until = excluded.probe_until,
      probe_token = excluded.probe_token, updated_at = excluded.updated_at
    where model_breakers.state = 'open' and model_breakers.open_until <= ${clock}
      and (model_breakers.probe_until is null or model_breakers.probe_until <= ${clock})
    returning vendor`.execute(db)
  return rows.length > 0
}

/** The vendor is back, for all. Whoever finds that out is right, also when its lease has run out. */
export async function closeBreaker(db: Db, key: BreakerKey): Promise<void> {
  await sql`
    update model_breakers set state = 'closed', since = ${clock}, openings = 0, open_until = null,
      probe_until = null, probe_token = null, updated_at = ${clock}
    where ${isRow(key)} and state = 'open'`.execute(db)
}

/** The probe failed: open for longer. Nothing changes when somebody else has taken the probe over. */
export async function reopenBreaker(
  db: Db,
  key: BreakerKey,
  { token, backoff, errorCode }: Opening & Pick<Probe, 'token'>,
): Promise<void> {
  await sql`
    update model_breakers set openings = openings + 1, probe_until = null, probe_token = null,
      open_until = ${clock} + ${interval(backoffOf(backoff, sql`openings + 1`))},
      error_code = coalesce(${errorCode}, error_code), updated_at = ${clock}
    where ${isRow(key)} and state = 'open' and probe_token = ${token}`.execute(db)
}

/** The probe said nothing about the vendor: the next call may be one. */
export async function freeProbe(db: Db, key: BreakerKey, token: string): Promise<void> {
  await sql`
    update model_breakers set probe_until = null, probe_token = null, updated_at = ${clock}
    where ${isRow(key)} and state = 'open' and probe_token = ${token}`.execute(db)
}

/**
 * Forgets what closed a day ago, and what has been open for a day without anybody asking: an agent's
 * own host that is gone. A vendor that is asked gets a probe, which touches its row.
 */
export async function forgetOldBreakers(db: Db): Promise<void> {
  await sql`
    delete from model_breakers where updated_at < ${clock} - interval '1 day'`.execute(db)
}

export interface BreakerRow extends BreakerKey {
  readonly state: BreakerState
  readonly since: Date
  /** When the next probe may be made; null unless it is open. */
  readonly retryAt: Date | null
  readonly openings: number
  readonly errorCode: string | null
}

/** For operators: those that opened within the last day, the newest first. */
export async function readBreakers(db: Db, limit: number): Promise<readonly BreakerRow[]> {
  const { rows } = await sql<BreakerRow>`
    select vendor, host, model, since, open_until as "retryAt", openings, error_code as "errorCode",
      case when state = 'open' and probe_until > ${clock} then 'half-open' else state end as state
    from model_breakers order by state desc, updated_at desc limit ${limit}::int`.execute(db)
  return rows
}
