import { type Kysely, sql } from 'kysely'
import type { Database } from '../schema/database.ts'
import { UNKNOWN_SOURCE } from './unknown-room.ts'

/** One agent's view of a channel and of the person who writes there: what ElizaOS's ensureConnection makes. */
export interface Connection {
  readonly agentId: string
  readonly agentName: string
  readonly worldId: string
  readonly messageServerId: string
  readonly roomId: string
  readonly channelId: string
  readonly channelName: string
  readonly source: string
  readonly type: string
  readonly entityId: string
  readonly entityName: string
}

/**
 * Makes the worlds, rooms, entities and participations that do not exist yet. Sorted by id, and
 * outside the transaction of accept: rows of two rooms must not be locked in two orders. Rows that were
 * made because a plugin referred to them (`memory/records/`) become what they should be.
 */
export async function ensureConnections(
  db: Kysely<Database>,
  connections: readonly Connection[],
): Promise<void> {
  const sorted = [...connections].sort((a, b) => (a.roomId < b.roomId ? -1 : 1))
  await sql`
    with c as (
      select * from jsonb_to_recordset(${JSON.stringify(sorted)}::jsonb) as c("agentId" uuid, "agentName" text,
        "worldId" uuid, "messageServerId" uuid, "roomId" uuid, "channelId" uuid, "channelName" text,
        source text, type text, "entityId" uuid, "entityName" text)
    ), world as (
      insert into worlds (id, agent_id, message_server_id)
      select "worldId", "agentId", "messageServerId" from c order by 1 on conflict do nothing
    ), room as (
      insert into rooms (id, agent_id, world_id, channel_id, name, source, type)
      select "roomId", "agentId", "worldId", "channelId", "channelName", source, type from c
      order by 1 on conflict do nothing
    ), entity as (
      insert into entities (id, agent_id, names)
      select distinct on (id) id, agent_id, array[name] from (
        select "entityId" as id, "agentId" as agent_id, "entityName" as name from c
        union all select "agentId", "agentId", "agentName" from c) as e
      order by id on conflict do nothing
    ), named as (
      update entities e set names = array[p.name] from (
        select "entityId" as id, "agentId" as agent_id, "entityName" as name from c
        union select "agentId", "agentId", "agentName" from c) as p
      where e.id = p.id and e.agent_id = p.agent_id and e.names = '{}'
    ), placed as (
      update rooms r set world_id = c."worldId", channel_id = c."channelId", platform_channel = null,
        name = c."channelName", source = c.source, type = c.type
      from c where r.id = c."roomId" and r.agent_id = c."agentId" and r.source = ${UNKNOWN_SOURCE} and r.last_seq = 0
    )
    insert into participants (room_id, entity_id, agent_id)
    select room_id, entity_id, agent_id from (
      select "roomId" as room_id, "entityId" as entity_id, "agentId" as agent_id from c
      union select "roomId", "agentId", "agentId" from c) as p
    order by 1, 2 on conflict do nothing`.execute(db)
}
