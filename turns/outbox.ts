import { type Kysely, sql } from 'kysely'
import type { Content } from '../agent/memory.ts'
import { type Drain, LEASE_MS, type OutboxRow, type PartProgress } from '../agent/outbox.ts'
import type { Database } from '../schema/database.ts'

const LEASE = sql`clock_timestamp() + ${sql.lit(LEASE_MS)} * interval '1 millisecond'`

/** Rows that somebody has to send. Written out, so that the partial indexes serve it. */
export const IS_WAITING = sql`state in ('pending', 'sending')`

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
 * For every write of a drain: one row while the lease is the drain's, none when another took it over.
 * It extends the lease, which also locks it until the write is committed.
 */
export const heldLease = ({ roomId, token }: Drain) => sql`
  update deliveries set until = ${LEASE} where room_id = ${roomId} and token = ${token} returning 1`

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
      and not exists (select from outbox where room_id = ${roomId} and ${IS_WAITING})
    returning 1 as ended`.execute(db)
  return rows.length > 0
}

/** Gives the right back although rows wait: whoever comes next need not wait for its end. */
export async function leaveDelivery(
  db: Kysely<Database>,
  roomId: string,
  token: string,
): Promise<void> {
  await sql`delete from deliveries where room_id = ${roomId} and token = ${token}`.execute(db)
}

interface Row {
  id: string
  turn_id: string
  agent_id: string
  source: string
  content: Content
  max_length: number | null
  external_id: string
  reply_to: string | null
  parts: Record<number, PartProgress> | null
}

/** The room's oldest message that has not ended, and what is known of its parts. */
export async function nextOutboxRow(
  db: Kysely<Database>,
  roomId: string,
): Promise<OutboxRow | undefined> {
  const { rows } = await sql<Row>`
    with head as (
      select * from outbox where room_id = ${roomId} and ${IS_WAITING} order by seq limit 1
    )
    select o.id, o.turn_id, o.agent_id, o.source, o.content, o.max_length,
      coalesce(c.source_id, r.channel_id::text) as external_id, m.external_id as reply_to,
      (select jsonb_object_agg(p.part, jsonb_build_object('state', p.state,
          'platformMessageId', p.platform_message_id,
          'unknownForMs', extract(epoch from clock_timestamp() - p.unknown_since) * 1000))
        from outbox_parts p where p.outbox_id = o.id) as parts
    from head o join rooms r on r.id = o.room_id
      left join channels c on c.id = r.channel_id
      left join turns t on t.id = o.turn_id and t.room_id = o.room_id
      left join messages m on m.id = t.message_id`.execute(db)
  return rows[0] && toOutboxRow(rows[0], roomId)
}

const toOutboxRow = (row: Row, roomId: string): OutboxRow => ({
  id: row.id,
  roomId,
  turnId: row.turn_id,
  agentId: row.agent_id,
  source: row.source,
  room: { externalId: row.external_id },
  replyTo: row.reply_to ?? undefined,
  content: row.content,
  maxLength: row.max_length,
  parts: row.parts ?? {},
})
