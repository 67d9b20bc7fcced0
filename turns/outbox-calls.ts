import { type Kysely, sql } from 'kysely'
import {
  type Begun,
  type Drain,
  GIVE_UP_MS,
  type PartCall,
  type Postponed,
  type Postponement,
  type Shown,
} from '../agent/outbox.ts'
import type { Database } from '../schema/database.ts'
import { storableText } from '../schema/text.ts'
import { heldLease, IS_WAITING } from './outbox.ts'

/**
 * Right before a call: the row is `sending` and the part's outcome unknown, whatever happens from here
 * on. Only from `pending` (or where an earlier call left it), only under the lease, and not while the
 * platform has asked for silence: a retracted row is never sent.
 */
export async function beginCall(db: Kysely<Database>, call: PartCall): Promise<Begun> {
  const { rows } = await sql<{ held: boolean; paused_ms: number | null; taken: boolean }>`
    with held as (${heldLease(call)}
    ), paused as (
      select ceil(extract(epoch from max(until) - clock_timestamp()) * 1000)::int as ms
      from connector_pauses where source = ${call.source} and account = ${call.account}
        and room in ('', ${call.roomId}) and until > clock_timestamp()
    ), taken as (
      update outbox set state = 'sending', attempts = attempts + 1, max_length = ${call.maxLength}::int,
        tried_at = coalesce(tried_at, clock_timestamp()), touched_at = clock_timestamp(),
        maybe_twice = maybe_twice or ${call.isRisky}::boolean
      where id = ${call.rowId} and ${IS_WAITING} and (select count(*) from held) = 1
        and (select ms from paused) is null
      returning id
    ), asked as (
      insert into outbox_parts (outbox_id, part, state, unknown_since)
      select id, ${call.part}::int, 'open', clock_timestamp() from taken
      on conflict (outbox_id, part) do update set unknown_since =
        case when ${call.isFresh}::boolean then clock_timestamp()
          else coalesce(outbox_parts.unknown_since, clock_timestamp()) end
    )
    select exists (select from held) as held, (select ms from paused) as paused_ms,
      exists (select from taken) as taken`.execute(db)
  const { held, paused_ms: ms, taken } = rows[0] ?? { held: false, paused_ms: null, taken: false }
  if (!held) return { kind: 'fenced' }
  if (ms !== null) return { kind: 'paused', ms }
  return { kind: taken ? 'begun' : 'gone' }
}

/** What the platform showed, and under which id. False when the lease was lost. */
export async function noteShown(
  db: Kysely<Database>,
  call: PartCall,
  { platformMessageId, state, isLast }: Shown,
): Promise<boolean> {
  const { rows } = await sql`
    with held as (${heldLease(call)}
    ), part as (
      update outbox_parts set state = ${state}, platform_message_id = ${platformMessageId},
        unknown_since = null
      where outbox_id = ${call.rowId} and part = ${call.part}::int and (select count(*) from held) = 1
    )
    update outbox set state = case when ${isLast}::boolean then 'sent' else state end,
      sent_at = case when ${isLast}::boolean then clock_timestamp() end,
      platform_message_id = coalesce(platform_message_id, ${platformMessageId}),
      failures = 0, error = null, touched_at = clock_timestamp()
    where id = ${call.rowId} and state = 'sending' and (select count(*) from held) = 1
    returning 1 as written`.execute(db)
  return rows.length > 0
}

/** The row is settled with the reason, and the room goes on. False when the lease was lost. */
export async function failRow(
  db: Kysely<Database>,
  { rowId, ...drain }: Drain & { readonly rowId: string },
  reason: string,
): Promise<boolean> {
  const { rows } = await sql`
    with held as (${heldLease(drain)})
    update outbox set state = 'failed', error = ${storableText(reason)}, touched_at = clock_timestamp()
    where id = ${rowId} and ${IS_WAITING} and (select count(*) from held) = 1
    returning 1 as written`.execute(db)
  return rows.length > 0
}

/** A room waits so long after its first failure, and twice as long after each further one. */
const FIRST_WAIT_MS = 200
const LONGEST_WAIT_MS = 15_000

/**
 * The call did not succeed. Whoever would call next, in whichever process, waits: as long as the platform
 * said, else longer after each failure. A row of which nothing can have been shown is `pending` again,
 * so that it can be retracted; one that was tried for an hour fails.
 */
export async function postponeCall(
  db: Kysely<Database>,
  call: PartCall,
  { reason, isUnshown, retryAfterMs, scope }: Postponement,
): Promise<Postponed> {
  const isOld = sql`tried_at < clock_timestamp() - ${sql.lit(GIVE_UP_MS)} * interval '1 millisecond'`
  const { rows } = await sql<{ state: string; ms: number }>`
    with held as (${heldLease(call)}
    ), part as (
      update outbox_parts set unknown_since = case when ${isUnshown}::boolean then null else unknown_since end
      where outbox_id = ${call.rowId} and part = ${call.part}::int and (select count(*) from held) = 1
    ), postponed as (
      update outbox set failures = failures + 1, touched_at = clock_timestamp(),
        error = case when ${isOld} then 'gave_up: ' else '' end || ${reason}::text,
        state = case when ${isOld} then 'failed' when ${isUnshown}::boolean and not exists (
            select from outbox_parts p where p.outbox_id = outbox.id and (p.state <> 'open'
              or (p.part <> ${call.part}::int and p.unknown_since is not null)))
          then 'pending' else 'sending' end
      where id = ${call.rowId} and state = 'sending' and (select count(*) from held) = 1
      returning state, coalesce(${retryAfterMs ?? null}::float8,
        least(${sql.lit(LONGEST_WAIT_MS)}, ${sql.lit(FIRST_WAIT_MS)} * 2 ^ least(failures - 1, 10))) as ms
    ), paused as (
      insert into connector_pauses (source, account, room, until)
      select ${call.source}, ${call.account}, ${scope === 'room' ? call.roomId : ''},
        clock_timestamp() + ms * interval '1 millisecond' from postponed
      on conflict (source, account, room) do update
        set until = greatest(connector_pauses.until, excluded.until)
    )
    select state, ceil(ms)::int as ms from postponed`.execute(db)
  const row = rows[0]
  if (!row) return { kind: 'fenced' }
  return row.state === 'failed' ? { kind: 'given up' } : { kind: 'waiting', ms: row.ms }
}
