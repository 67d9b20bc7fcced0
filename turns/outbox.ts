import { type Kysely, sql } from 'kysely'
import type { OutboxRow } from '../agent/ports.ts'
import type { Database } from '../schema/database.ts'
import { storableText } from '../schema/text.ts'

/** How long a drain may be silent before another takes over. It is renewed while the drain works. */
const LEASE = sql`clock_timestamp() + interval '5 seconds'`

/** Takes or extends the right to drain a room's outbox. False while another holds it. */
export async function leaseDelivery(
  db: Kysely<Database>,
  roomId: string,
  token: string,
): Promise<boolean> {
  const { rows } = await sql`
    insert into deliveries (room_id, token, until) values (${roomId}, ${token}, ${LEASE})
    on conflict (room_id) do update set token = excluded.token, until = excluded.until
      where deliveries.token = excluded.token or deliveries.until < clock_timestamp()
    returning 1 as held`.execute(db)
  return rows.length > 0
}

/**
 * Gives the right back, unless rows came meanwhile: then it is kept and false is returned, because
 * their own `deliver` may already have been told that somebody drains.
 */
export async function endDelivery(
  db: Kysely<Database>,
  roomId: string,
  token: string,
): Promise<boolean> {
  const { rows } = await sql`
    delete from deliveries where room_id = ${roomId} and token = ${token}
      and not exists (select from outbox where room_id = ${roomId} and state = 'pending')
    returning 1 as ended`.execute(db)
  return rows.length > 0
}

/** The room's oldest message that has not been sent. */
export async function nextOutboxRow(
  db: Kysely<Database>,
  roomId: string,
): Promise<OutboxRow | undefined> {
  const row = await db
    .selectFrom('outbox')
    .innerJoin('rooms', 'rooms.id', 'outbox.room_id')
    .select(['outbox.id', 'outbox.turn_id', 'outbox.source', 'outbox.content', 'rooms.channel_id'])
    .where('outbox.room_id', '=', roomId)
    .where('outbox.state', '=', 'pending')
    .orderBy('outbox.seq')
    .limit(1)
    .executeTakeFirst()
  return (
    row && {
      id: row.id,
      turnId: row.turn_id,
      source: row.source,
      channelId: row.channel_id,
      content: row.content,
    }
  )
}

/** Where the message landed; only the holder of the lease may say so. False when it was lost. */
export async function markSent(
  db: Kysely<Database>,
  { id, token, platformMessageId }: { id: string; token: string; platformMessageId: string },
): Promise<boolean> {
  const { rows } = await sql`
    update outbox o set state = 'sent', platform_message_id = ${platformMessageId},
      attempts = attempts + 1, sent_at = clock_timestamp(), error = null
    from deliveries d
    where o.id = ${id} and o.state = 'pending' and d.room_id = o.room_id and d.token = ${token}
    returning 1 as written`.execute(db)
  return rows.length > 0
}

/** The platform refused for good: the row is settled with the reason. */
export async function markFailed(db: Kysely<Database>, id: string, error: string): Promise<void> {
  await sql`
    update outbox set state = 'failed', attempts = attempts + 1, error = ${storableText(error)}
    where id = ${id} and state = 'pending'`.execute(db)
}
