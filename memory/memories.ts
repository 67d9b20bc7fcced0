import { type Kysely, sql } from 'kysely'
import type { Memory } from '../agent/memory.ts'
import type { Database } from '../schema/database.ts'
import type { JsonObject } from '../schema/json.ts'
import { withoutInlineMedia } from './inline-media.ts'

export interface RecentOptions {
  readonly roomId: string
  readonly agentId: string
  /** ElizaOS's table name. */
  readonly type: string
  readonly count: number
  /**
   * Milliseconds since the epoch of the message that is answered. What others wrote later is left
   * out: those messages have turns of their own, and a retried step must see what the first one saw.
   */
  readonly upTo: number
}

/** The newest `count` memories of a room, oldest first. */
export async function recentMemories(
  db: Kysely<Database>,
  { roomId, agentId, type, count, upTo }: RecentOptions,
): Promise<Memory[]> {
  const { rows } = await sql<{
    id: string
    agent_id: string
    room_id: string
    world_id: string | null
    entity_id: string
    content: JsonObject
    metadata: JsonObject
    created_at: Date
  }>`
    select id, agent_id, room_id, world_id, entity_id, ${withoutInlineMedia('content')} as content, metadata,
      created_at
    from memories
    where room_id = ${roomId} and type = ${type}
      and (entity_id = ${agentId} or created_at < ${new Date(upTo + 1)})
    order by created_at desc limit ${count}`.execute(db)
  return rows.reverse().map((row) => ({
    id: row.id,
    entityId: row.entity_id,
    agentId: row.agent_id,
    roomId: row.room_id,
    worldId: row.world_id ?? undefined,
    content: row.content,
    metadata: row.metadata,
    createdAt: row.created_at.getTime(),
  }))
}
