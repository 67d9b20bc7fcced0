import { type Kysely, sql } from 'kysely'
import type { Database } from '../../schema/database.ts'
import { isId } from './conditions.ts'

/**
 * The id of a room's channel of ours, under which its messages stand. `RoomRecord.channelId` is what the
 * platform calls it, which may be no UUID. Undefined when the agent has no such room.
 */
export async function channelIdOf(
  db: Kysely<Database>,
  { agentId, roomId }: { agentId: string; roomId: string },
): Promise<string | undefined> {
  const { rows } = await sql<{ channel_id: string }>`
    select channel_id from rooms where ${isId('id', roomId)} and agent_id = ${agentId}`.execute(db)
  return rows[0]?.channel_id
}
