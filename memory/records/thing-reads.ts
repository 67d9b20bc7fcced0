import { type Kysely, sql } from 'kysely'
import type { Relationship } from '../../agent/memory.ts'
import {
  type AgentRecords,
  type Component,
  type ComponentQuery,
  type LogQuery,
  type LogRecord,
  MAX_LISTED,
  type RelationshipQuery,
  type TaskQuery,
  type TaskRecord,
} from '../../agent/records.ts'
import type { Database } from '../../schema/database.ts'
import type { Json } from '../../schema/json.ts'
import { storableText } from '../../schema/text.ts'
import { cacheKey } from './cache-key.ts'
import { allOf, isAmong, isId, isText, limitOf, offsetOf } from './conditions.ts'

type ThingReads = Pick<AgentRecords, 'components' | 'relationships' | 'cached' | 'tasks' | 'logs'>

export const thingReads = (db: Kysely<Database>, agentId: string): ThingReads => ({
  components: (query) => componentsOf(db, agentId, query),
  relationships: (query) => relationshipsOf(db, agentId, query),
  cached: (key) => cachedAt(db, agentId, key),
  tasks: (query) => tasksOf(db, agentId, query),
  logs: (query) => logsOf(db, agentId, query),
})

async function componentsOf(
  db: Kysely<Database>,
  agentId: string,
  query: ComponentQuery,
): Promise<Component[]> {
  const { rows } = await sql<Stored<Component>>`
    select id, agent_id as "agentId", entity_id as "entityId", room_id as "roomId", world_id as "worldId",
      source_entity_id as "sourceEntityId", type, data, created_at as "createdAt"
    from components
    where ${allOf(
      sql`agent_id = ${agentId}`,
      isAmong('id', query.ids),
      isText('entity_id', query.entityId),
      isText('type', query.type),
      isText('world_id', query.worldId),
      isText('source_entity_id', query.sourceEntityId),
    )}
    order by created_at, id limit ${MAX_LISTED}`.execute(db)
  return rows.map((row) => ({
    ...row,
    roomId: row.roomId ?? undefined,
    worldId: row.worldId ?? undefined,
    sourceEntityId: row.sourceEntityId ?? undefined,
    createdAt: row.createdAt.getTime(),
  }))
}

async function relationshipsOf(
  db: Kysely<Database>,
  agentId: string,
  { entityId, tags, ...query }: RelationshipQuery,
): Promise<Relationship[]> {
  const either =
    entityId === undefined
      ? undefined
      : sql`(${isId('source_entity_id', entityId)} or ${isId('target_entity_id', entityId)})`
  const { rows } = await sql<Omit<Relationship, 'createdAt'> & { createdAt: Date }>`
    select id, agent_id as "agentId", source_entity_id as "sourceEntityId",
      target_entity_id as "targetEntityId", tags, metadata, created_at as "createdAt"
    from relationships
    where ${allOf(
      sql`agent_id = ${agentId}`,
      either,
      isId('id', query.id),
      isId('source_entity_id', query.sourceEntityId),
      isId('target_entity_id', query.targetEntityId),
      tags && sql`tags && ${tags.map(storableText)}::text[]`,
    )}
    order by created_at, id limit ${MAX_LISTED}`.execute(db)
  return rows.map((row) => ({ ...row, createdAt: row.createdAt.getTime() }))
}

async function cachedAt(
  db: Kysely<Database>,
  agentId: string,
  key: string,
): Promise<Json | undefined> {
  const { rows } = await sql<{ value: Json }>`
    select value from cache
    where agent_id = ${agentId} and key = ${cacheKey(key)}
      and coalesce(expires_at > clock_timestamp(), true)`.execute(db)
  return rows[0]?.value
}

async function tasksOf(
  db: Kysely<Database>,
  agentId: string,
  { ids, name, roomId, entityId, tags }: TaskQuery,
): Promise<TaskRecord[]> {
  const { rows } = await sql<Stored<TaskRecord, 'updatedAt'>>`
    select id, name, description, room_id as "roomId", world_id as "worldId", entity_id as "entityId", tags,
      metadata, created_at as "createdAt", updated_at as "updatedAt"
    from tasks
    where ${allOf(
      sql`agent_id = ${agentId}`,
      isAmong('id', ids),
      isText('name', name),
      isText('room_id', roomId),
      isText('entity_id', entityId),
      tags && sql`tags @> ${tags.map(storableText)}::text[]`,
    )}
    order by created_at, id limit ${MAX_LISTED}`.execute(db)
  return rows.map((row) => ({
    ...row,
    roomId: row.roomId ?? undefined,
    worldId: row.worldId ?? undefined,
    entityId: row.entityId ?? undefined,
    createdAt: row.createdAt.getTime(),
    updatedAt: row.updatedAt.getTime(),
  }))
}

async function logsOf(
  db: Kysely<Database>,
  agentId: string,
  { entityId, roomId, type, count, offset }: LogQuery,
): Promise<LogRecord[]> {
  const { rows } = await sql<Stored<LogRecord>>`
    select id, entity_id as "entityId", room_id as "roomId", type, body, created_at as "createdAt"
    from logs
    where ${allOf(
      sql`agent_id = ${agentId}`,
      isText('room_id', roomId),
      isText('entity_id', entityId),
      isText('type', type),
    )}
    order by created_at desc, id desc limit ${limitOf(count)} offset ${offsetOf(offset)}`.execute(
    db,
  )
  return rows.map((row) => ({
    ...row,
    entityId: row.entityId ?? undefined,
    roomId: row.roomId ?? undefined,
    createdAt: row.createdAt.getTime(),
  }))
}

/** As a row has it: null for what is absent, and dates. */
type Stored<Row, More extends keyof Row = never> = {
  readonly [Key in keyof Row]: Key extends 'createdAt' | More
    ? Date
    : undefined extends Row[Key]
      ? Exclude<Row[Key], undefined> | null
      : Row[Key]
}
