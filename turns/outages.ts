import { type Kysely, sql } from 'kysely'
import type { Database } from '../schema/database.ts'

/**
 * How long nobody may have reached Temporal before that is an outage. Above two sweeps: one process
 * that is cut off from Temporal makes no outage while others reach it.
 */
export interface SilenceLimits {
  readonly silentMs: number
  /** How long this process has been looking: what was before that, it cannot know. */
  readonly watchedMs: number
}

const ago = (ms: number) => sql`clock_timestamp() - ${ms}::float8 * interval '1 millisecond'`

/**
 * Temporal answered. Ends the outage if there is one, and gives every unfinished turn the time that it
 * lost; in one transaction, so that it is given once, whoever notices. @returns whether one ended.
 */
export function noteReached(db: Kysely<Database>): Promise<boolean> {
  return db.transaction().execute(async (trx) => {
    await lockOutages(trx)
    const { rows } = await sql<{ began_at: Date; lasted: string }>`
      with contact as (
        insert into temporal_contact (one, reached_at) values (true, clock_timestamp())
        on conflict (one) do update set reached_at = excluded.reached_at
          where temporal_contact.reached_at < excluded.reached_at
      )
      update temporal_outages set ended_at = clock_timestamp() where ended_at is null
      returning began_at`.execute(trx)
    if (rows.length === 0) return false
    await sql`
      update turns set deadline_at = deadline_at + (o.ended_at - greatest(o.began_at, deadline_from))
      from (select began_at, ended_at from temporal_outages order by ended_at desc limit 1) o
      where state in ('queued', 'running', 'waiting_approval') and deadline_from < o.ended_at`.execute(
      trx,
    )
    return true
  })
}

/**
 * Temporal did not answer this process. It is an outage when nobody else had an answer for long
 * enough; it began when somebody last had one, and not within an outage that has ended.
 */
export async function noteSilence(
  db: Kysely<Database>,
  { silentMs, watchedMs }: SilenceLimits,
): Promise<void> {
  if (watchedMs < silentMs) return
  await db.transaction().execute(async (trx) => {
    await lockOutages(trx)
    await openOutage({ silentMs, watchedMs }).execute(trx)
  })
}

const openOutage = ({ silentMs, watchedMs }: SilenceLimits) => sql`
    insert into temporal_outages (began_at)
    select greatest(${ago(watchedMs)}, (select reached_at from temporal_contact),
      (select max(ended_at) from temporal_outages))
    where not exists (select from temporal_contact where reached_at > ${ago(silentMs)})
    on conflict do nothing`

/** `hashtext('turnkeeper.outages')`, written out. */
const OUTAGES_LOCK = 1_402_187_533

/** A statement of its own, so that the next one sees what another process wrote about the same outage. */
async function lockOutages(trx: Kysely<Database>): Promise<void> {
  await sql`select pg_advisory_xact_lock(${OUTAGES_LOCK}::bigint)`.execute(trx)
}

/** Whether Temporal is away now, as far as anybody has noticed. */
export async function hasOutage(db: Kysely<Database>): Promise<boolean> {
  const { rows } = await sql`
    select 1 as open from temporal_outages where ended_at is null`.execute(db)
  return rows.length > 0
}
