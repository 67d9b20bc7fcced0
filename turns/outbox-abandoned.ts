import { type Kysely, sql } from 'kysely'
import type { Database } from '../schema/database.ts'
import { IS_WAITING } from './outbox.ts'

/** A room with messages for its chat platform. */
export interface OutboxRoom {
  readonly roomId: string
  readonly agentId: string
}

/** Longer than a delivery rests between two looks at a row, unless a pause says so. */
const ABANDONED_MS = 10_000

/** Rows per sweep. */
const LIMIT = 500

/**
 * Rooms with rows that nobody sends: their delivery died, ran out of time, or was never started. Marked,
 * so that the next sweep looks at others first. Rooms that wait because their platform said so are left
 * alone; a pause of an account among several is found by the delivery itself.
 */
export async function abandonedRooms(trx: Kysely<Database>): Promise<OutboxRoom[]> {
  await sql`
    delete from connector_pauses where until < clock_timestamp() - interval '1 hour'`.execute(trx)
  const { rows } = await sql<{ room_id: string; agent_id: string }>`
    with late as (
      select id from outbox
      where ${IS_WAITING} and touched_at < clock_timestamp() - ${sql.lit(ABANDONED_MS)} * interval '1 millisecond'
        and not exists (select from deliveries d
          where d.room_id = outbox.room_id and d.until > clock_timestamp())
        and not exists (select from connector_pauses p where p.source = outbox.source
          and p.until > clock_timestamp()
          and (p.room = outbox.room_id::text or (p.room = '' and p.account = '')))
      order by touched_at limit ${sql.lit(LIMIT)}
      for update skip locked
    ), marked as (
      update outbox set touched_at = clock_timestamp() from late where outbox.id = late.id
      returning outbox.room_id, outbox.agent_id
    )
    select distinct room_id, agent_id from marked`.execute(trx)
  return rows.map(({ room_id: roomId, agent_id: agentId }) => ({ roomId, agentId }))
}
