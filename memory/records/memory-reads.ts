import { type Kysely, type RawBuilder, sql } from 'kysely'
import {
  type AgentRecords,
  MAX_LISTED,
  type MemoryQuery,
  type MemorySearch,
  type StoredMemory,
} from '../../agent/records.ts'
import type { Database } from '../../schema/database.ts'
import type { JsonObject } from '../../schema/json.ts'
import { withoutInlineMedia } from '../inline-media.ts'
import {
  allOf,
  type Condition,
  isAmong,
  isId,
  isText,
  isVector,
  limitOf,
  offsetOf,
  time,
  uuidsOf,
  vectorText,
} from './conditions.ts'

type MemoryReads = Pick<
  AgentRecords,
  'memories' | 'memoriesById' | 'searchMemories' | 'countMemories'
>

interface Row {
  readonly id: string
  readonly type: string
  readonly agent_id: string
  readonly room_id: string
  readonly world_id: string | null
  readonly entity_id: string
  readonly content: JsonObject
  readonly metadata: JsonObject
  readonly is_unique: boolean
  readonly created_at: Date
  readonly embedding?: string | null
  readonly similarity?: number
}

export function memoryReads(db: Kysely<Database>, agentId: string): MemoryReads {
  const read = async (statement: RawBuilder<Row>) =>
    (await statement.execute(db)).rows.map(toMemory)
  return {
    memories: (query) => read(listed(agentId, query)),
    async memoriesById(ids, type) {
      const found = await read(byId(agentId, ids, type))
      const place = new Map(ids.map((id, at) => [id.toLowerCase(), at]))
      return found.sort((a, b) => (place.get(a.id) ?? 0) - (place.get(b.id) ?? 0))
    },
    searchMemories: async (search) =>
      isVector(search.embedding) ? read(similar(agentId, search)) : [],
    async countMemories(query) {
      const { rows } = await sql<{ count: number }>`
        select count(*)::int as count from memories m where ${isAsked(agentId, query)}`.execute(db)
      return rows[0]?.count ?? 0
    },
  }
}

const COLUMNS = sql`m.id, m.type, m.agent_id, m.room_id, m.world_id, m.entity_id, m.metadata,
  m.is_unique, m.created_at`

/** Without the pictures inside messages: a page of those is 100 MB. */
function listed(agentId: string, query: MemoryQuery): RawBuilder<Row> {
  const { withEmbeddings = false, oldestFirst = false, count, offset } = query
  const order = oldestFirst ? sql`m.created_at, m.id` : sql`m.created_at desc, m.id desc`
  return sql`
    select ${COLUMNS}, ${withoutInlineMedia('m.content')} as content
      ${withEmbeddings ? sql`, e.embedding::text as embedding` : sql``}
    from memories m ${withEmbeddings ? sql`left join memory_embeddings e on e.memory_id = m.id` : sql``}
    where ${isAsked(agentId, query)}
    order by ${order} limit ${limitOf(count)} offset ${offsetOf(offset)}`
}

const byId = (agentId: string, ids: readonly string[], type?: string): RawBuilder<Row> => sql`
  select ${COLUMNS}, m.content from memories m
  where m.agent_id = ${agentId} and m.id = any(${uuidsOf(ids).slice(0, MAX_LISTED)}::uuid[])
    and ${isText('m.type', type) ?? sql`true`}`

function isAsked(agentId: string, query: MemoryQuery): RawBuilder<unknown> {
  const { roomIds, documentId, turnId, start, end } = query
  return allOf(
    roomIds && isIn(agentId, roomIds),
    // Not besides rooms, which tell the agent: both together look rarer than they are to the planner.
    roomIds && documentId === undefined ? undefined : sql`m.agent_id = ${agentId}`,
    sameAs(query),
    documentId === undefined ? undefined : sql`m.metadata ->> 'documentId' = ${documentId}`,
    isId('m.turn_id', turnId),
    isTime(start) ? sql`m.created_at >= ${time(start)}` : undefined,
    // A row has microseconds.
    isTime(end) ? sql`m.created_at < ${time(end + 1)}` : undefined,
  )
}

/** A room's memories are its agent's. Of one room, the index has them in order. */
function isIn(agentId: string, roomIds: readonly string[]): Condition {
  const mine = sql`select id from rooms where ${isAmong('id', roomIds)} and agent_id = ${agentId}`
  return roomIds.length === 1 ? sql`m.room_id = (${mine})` : sql`m.room_id in (${mine})`
}

function sameAs(query: MemoryQuery | MemorySearch): Condition {
  const { type, worldId, entityId, unique } = query
  return allOf(
    sql`true`,
    isText('m.type', type),
    isId('m.world_id', worldId),
    isId('m.entity_id', entityId),
    unique === undefined ? undefined : sql`m.is_unique = ${unique}::boolean`,
  )
}

/**
 * Compares each of the agent's vectors of the same length: exact, and linear in their number. A vector of
 * zeros has no direction and is like nothing.
 */
function similar(agentId: string, search: MemorySearch): RawBuilder<Row> {
  const { embedding, roomId, threshold, count } = search
  const asked = vectorText(embedding)
  // Within `case`, so that no vector of another length is compared, whatever is looked at first.
  const likeness = sql`case when e.dims = ${embedding.length}::int
    then nullif(1 - (e.embedding <=> ${asked}::vector), 'NaN') end`
  return sql`
    select * from (
      select ${COLUMNS}, ${withoutInlineMedia('m.content')} as content, ${likeness} as similarity
      from memories m join memory_embeddings e on e.memory_id = m.id
      where ${allOf(sql`m.agent_id = ${agentId}`, isId('m.room_id', roomId), sameAs(search))}
        and e.agent_id = ${agentId} and e.dims = ${embedding.length}::int
    ) as compared
    where similarity >= ${Number.isFinite(threshold) ? threshold : -2}::float8
    order by similarity desc, id limit ${limitOf(count)}`
}

const isTime = (ms: number | undefined): ms is number => ms !== undefined && !Number.isNaN(ms)

function toMemory(row: Row): StoredMemory {
  const { embedding, similarity } = row
  return {
    id: row.id,
    type: row.type,
    agentId: row.agent_id,
    roomId: row.room_id,
    worldId: row.world_id ?? undefined,
    entityId: row.entity_id,
    content: row.content,
    metadata: row.metadata,
    unique: row.is_unique,
    createdAt: row.created_at.getTime(),
    ...(embedding ? { embedding: JSON.parse(embedding) } : {}),
    ...(similarity === undefined ? {} : { similarity }),
  }
}
