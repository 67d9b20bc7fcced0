import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { RoomWrite } from '../../agent/records.ts'
import type { Database } from '../../schema/database.ts'
import { isUuid, stringToUuid } from '../../schema/ids.ts'
import { storableText } from '../../schema/text.ts'
import { UNKNOWN_SOURCE } from '../unknown-room.ts'
import { jsonOrNull, textOrNull } from './columns.ts'
import { isAmong, isId } from './conditions.ts'
import { putRow } from './put-row.ts'
import { ensureWorld } from './world-writes.ts'

type Db = Kysely<Database>

/**
 * A room has one channel of ours, and no two rooms of an agent have the same. A platform's own name for
 * the channel, or one that another room has, is kept beside it.
 */
export async function putRoom(
  trx: Db,
  agentId: string,
  room: RoomWrite,
  ifMissing = false,
): Promise<void> {
  const { id, worldId, channelId } = room
  await ensureWorld(trx, agentId, worldId)
  const given = { name: textOrNull(room.name), metadata: jsonOrNull(room.metadata) }
  const [source, type, channel] = [room.source, room.type, channelId].map(storableText)
  const free = freeChannel(agentId, id, channelId)
  const platformName = sql`nullif(${channel}::text, ${free}::text)`
  // The channel of a room in use stays: its turns and messages are there.
  const kept = sql`case when source = ${UNKNOWN_SOURCE} and last_seq = 0 then ${free} else channel_id end`
  await putRow(trx, {
    ...{ kind: 'room', table: 'rooms', id, agentId },
    insert: sql`
      insert into rooms (id, agent_id, world_id, channel_id, platform_channel, name, source, type, metadata)
      values (${id}, ${agentId}, ${worldId}, ${free}, ${platformName}, ${given.name}, ${source}, ${type},
        coalesce(${given.metadata}::jsonb, '{}')) on conflict do nothing`,
    set: sql`world_id = ${worldId}, channel_id = ${kept},
      platform_channel = nullif(${channel}::text, (${kept})::text), name = coalesce(${given.name}::text, name),
      source = ${source}, type = ${type}, metadata = coalesce(${given.metadata}::jsonb, metadata)`,
    onlyIf: ifMissing ? sql`source = ${UNKNOWN_SOURCE}` : undefined,
  })
}

/** The first of three ids that no other room of the agent has for its channel. */
function freeChannel(agentId: string, roomId: string, channelId: string): RawBuilder<unknown> {
  const named = isUuid(channelId) ? [channelId] : []
  const candidates = [...named, roomId, stringToUuid(`channel of ${roomId}`)]
  return sql`(
    select c.id from unnest(${candidates}::uuid[]) with ordinality as c(id, place)
    where not exists (select from rooms o
      where o.agent_id = ${agentId} and o.channel_id = c.id and o.id <> ${roomId})
    order by c.place limit 1)`
}

/** Plugins use the agent's id, and others, as rooms that nobody made: such a room is the agent's own. */
export async function ensureRoom(trx: Db, agentId: string, id: string): Promise<void> {
  const { rows } = await sql`
    select id from rooms where id = ${id} and agent_id = ${agentId}`.execute(trx)
  if (rows.length > 0) return
  const own = { worldId: agentId, channelId: id, source: UNKNOWN_SOURCE, type: 'SELF' }
  await putRoom(trx, agentId, { id, ...own }, true)
}

/** With all that hangs on them. Locked first and in order, as accept and settle do. */
export async function deleteRooms(
  trx: Db,
  agentId: string,
  { ids, worldId }: { ids?: readonly string[]; worldId?: string },
): Promise<void> {
  const named = isAmong('id', ids) ?? sql`false`
  const placed = isId('world_id', worldId) ?? sql`false`
  await sql`
    with mine as (
      select id from rooms where agent_id = ${agentId} and (${named} or ${placed})
      order by id for no key update
    )
    delete from rooms where id in (select id from mine)`.execute(trx)
}

export async function deleteWorld(trx: Db, agentId: string, id: string): Promise<void> {
  await deleteRooms(trx, agentId, { worldId: id })
  await sql`delete from worlds where ${isId('id', id)} and agent_id = ${agentId}`.execute(trx)
}
