import { type Kysely, sql } from 'kysely'
import type { Database } from '../schema/database.ts'
import type { Overlap } from '../schema/turn.ts'

/** Sets or removes a room's own policy. Undefined when the agent has no such room. */
export async function setRoomOverlap(
  db: Kysely<Database>,
  room: { readonly agentId: string; readonly id: string },
  overlap: Overlap | null,
): Promise<{ readonly channelId: string } | undefined> {
  const set = overlap === null ? {} : { overlap: { ...overlap } }
  const { rows } = await sql<{ channel_id: string }>`
    update rooms set metadata = (metadata - 'overlap') || ${JSON.stringify(set)}::jsonb
    where id = ${room.id} and agent_id = ${room.agentId}
    returning channel_id`.execute(db)
  return rows[0] && { channelId: rows[0].channel_id }
}
