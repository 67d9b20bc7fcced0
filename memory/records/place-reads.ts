import { type Kysely, sql } from 'kysely'
import type { Entity } from '../../agent/memory.ts'
import {
  MAX_LISTED,
  type ParticipantState,
  type PlaceReads,
  type RoomRecord,
  type World,
} from '../../agent/records.ts'
import type { Database } from '../../schema/database.ts'
import type { JsonObject } from '../../schema/json.ts'
import { type Condition, isAmong, isId, uuidsOf } from './conditions.ts'

export const placeReads = (db: Kysely<Database>, agentId: string): PlaceReads => ({
  entities: (ids) => entitiesById(db, agentId, ids),
  entitiesOfRoom: (roomId) => entitiesOfRoom(db, agentId, roomId),
  rooms: async (ids) => (await roomsWhere(db, agentId, isAmong('r.id', ids))).sort(inOrderOf(ids)),
  roomsOfWorld: (worldId) => roomsWhere(db, agentId, isId('r.world_id', worldId)),
  roomIdsOf: (entityIds) => roomIdsOf(db, agentId, entityIds),
  worlds: (ids) => worldsWhere(db, agentId, isAmong('id', ids)),
  participants: (roomId) => participantsOf(db, agentId, roomId),
  participantState: (roomId, entityId) => stateOf(db, { agentId, roomId, entityId }),
})

const inOrderOf = (ids: readonly string[]) => {
  const place = new Map(ids.map((id, at) => [id.toLowerCase(), at]))
  return (a: { id: string }, b: { id: string }) => (place.get(a.id) ?? 0) - (place.get(b.id) ?? 0)
}

async function entitiesById(
  db: Kysely<Database>,
  agentId: string,
  ids: readonly string[],
): Promise<Entity[]> {
  const { rows } = await sql<Entity>`
    select id, names, metadata from entities
    where agent_id = ${agentId} and id = any(${uuidsOf(ids)}::uuid[]) limit ${MAX_LISTED}`.execute(
    db,
  )
  return rows.sort(inOrderOf(ids))
}

async function entitiesOfRoom(
  db: Kysely<Database>,
  agentId: string,
  roomId: string,
): Promise<Entity[]> {
  const { rows } = await sql<Entity>`
    select e.id, e.names, e.metadata from participants p join entities e on e.id = p.entity_id
    where p.agent_id = ${agentId} and ${isId('p.room_id', roomId)}
    order by p.created_at, p.entity_id limit ${MAX_LISTED}`.execute(db)
  return rows
}

async function roomsWhere(
  db: Kysely<Database>,
  agentId: string,
  condition: Condition,
): Promise<RoomRecord[]> {
  const { rows } = await sql<Omit<RoomRecord, 'name'> & { name: string | null }>`
    select r.id, r.agent_id as "agentId", r.world_id as "worldId", r.name, r.source, r.type, r.metadata,
      coalesce(r.platform_channel, r.channel_id::text) as "channelId",
      coalesce(w.platform_server, w.message_server_id::text) as "messageServerId"
    from rooms r join worlds w on w.id = r.world_id
    where r.agent_id = ${agentId} and ${condition} order by r.created_at, r.id limit ${MAX_LISTED}`.execute(
    db,
  )
  return rows.map(({ name, ...row }) => ({ ...row, name: name ?? undefined }))
}

async function roomIdsOf(
  db: Kysely<Database>,
  agentId: string,
  entityIds: readonly string[],
): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select room_id as id from participants
    where agent_id = ${agentId} and entity_id = any(${uuidsOf(entityIds)}::uuid[])
    group by room_id order by min(created_at), room_id limit ${MAX_LISTED}`.execute(db)
  return rows.map(({ id }) => id)
}

async function worldsWhere(
  db: Kysely<Database>,
  agentId: string,
  condition: Condition,
): Promise<World[]> {
  const { rows } = await sql<{
    id: string
    name: string | null
    server: string
    metadata: JsonObject
  }>`
    select id, name, metadata, coalesce(platform_server, message_server_id::text) as server from worlds
    where agent_id = ${agentId} and ${condition ?? sql`true`}
    order by created_at, id limit ${MAX_LISTED}`.execute(db)
  return rows.map(({ id, name, server, metadata }) => ({
    ...{ id, agentId, name: name ?? undefined, messageServerId: server, metadata },
  }))
}

async function participantsOf(
  db: Kysely<Database>,
  agentId: string,
  roomId: string,
): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select entity_id as id from participants
    where agent_id = ${agentId} and ${isId('room_id', roomId)}
    order by created_at, entity_id limit ${MAX_LISTED}`.execute(db)
  return rows.map(({ id }) => id)
}

async function stateOf(
  db: Kysely<Database>,
  { agentId, roomId, entityId }: { agentId: string; roomId: string; entityId: string },
): Promise<ParticipantState> {
  const { rows } = await sql<{ state: ParticipantState }>`
    select state from participants
    where agent_id = ${agentId} and ${isId('room_id', roomId)} and ${isId('entity_id', entityId)}`.execute(
    db,
  )
  return rows[0]?.state ?? null
}
