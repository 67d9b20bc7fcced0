import type { Entity } from '../../agent/memory.ts'
import {
  type AgentRecords,
  MAX_LISTED,
  type MemoryQuery,
  type MemorySearch,
  type RoomRecord,
  type StoredMemory,
  type World,
} from '../../agent/records.ts'
import { DEFAULT_MESSAGE_SERVER_ID } from '../../schema/ids.ts'
import type { Shelf } from './memory-records-shelf.ts'

const DEFAULT_COUNT = 10

/** An agent's reads of what stands on the shelf when they are asked. */
export function readsOf(shelf: () => Shelf, agentId: string): AgentRecords {
  const mine = <T extends { readonly agentId: string }>(rows: ReadonlyMap<string, T>): T[] =>
    [...rows.values()].filter((row) => row.agentId === agentId)
  return {
    ...memoryReads(() => mine(shelf().memories)),
    ...placeReads(() => {
      const { rooms, worlds, entities, participants } = shelf()
      return {
        ...{ rooms: mine(rooms), worlds: mine(worlds) },
        ...{ entities: mine(entities), participants: mine(participants) },
      }
    }),
    components: async (query) =>
      mine(shelf().components).filter(
        (row) =>
          among(query.ids, row.id) &&
          fits(row, query, ['entityId', 'type', 'worldId', 'sourceEntityId']),
      ),
    relationships: async ({ entityId, tags, ...query }) =>
      mine(shelf().relationships).filter(
        (row) =>
          (entityId === undefined || [row.sourceEntityId, row.targetEntityId].includes(entityId)) &&
          (tags === undefined || tags.some((tag) => row.tags.includes(tag))) &&
          fits(row, query, ['id', 'sourceEntityId', 'targetEntityId']),
      ),
    async cached(key) {
      const row = shelf().cache.get(`${agentId}:${key}`)
      return row && row.expiresAt > Date.now() ? row.value : undefined
    },
    tasks: async ({ ids, tags, ...query }) =>
      mine(shelf().tasks)
        .filter(
          (row) =>
            among(ids, row.id) &&
            (tags ?? []).every((tag) => row.tags.includes(tag)) &&
            fits(row, query, ['name', 'roomId', 'entityId']),
        )
        .map(({ agentId: _mine, ...task }) => task),
    logs: async ({ count = DEFAULT_COUNT, offset = 0, ...query }) =>
      mine(shelf().logs)
        .filter((row) => fits(row, query, ['entityId', 'roomId', 'type']))
        .reverse()
        .slice(offset, offset + count)
        .map(({ agentId: _mine, ...log }) => log),
  }
}

type Row = ReturnType<Shelf['memories']['get']> & object

function memoryReads(
  rows: () => readonly Row[],
): Pick<AgentRecords, 'memories' | 'memoriesById' | 'searchMemories' | 'countMemories'> {
  return {
    async memories({ count = DEFAULT_COUNT, offset = 0, withEmbeddings, oldestFirst, ...query }) {
      const found = rows()
        .filter((row) => isAsked(row, query))
        .sort((a, b) => (oldestFirst ? a.createdAt - b.createdAt : b.createdAt - a.createdAt))
        .slice(offset, offset + Math.min(count, MAX_LISTED))
      return found.map((row) => stored(row, withEmbeddings ? row.embedding : undefined))
    },
    memoriesById: async (ids, type) =>
      ids.flatMap((id) => {
        const row = rows().find((one) => one.id === id && (type === undefined || one.type === type))
        return row ? [stored(row)] : []
      }),
    searchMemories: async ({ embedding, threshold = -1, count = DEFAULT_COUNT, ...search }) =>
      rows()
        .filter((row) => fits(row, search, ['type', 'roomId', 'worldId', 'entityId']))
        .filter((row) => search.unique === undefined || isUnique(row) === search.unique)
        .flatMap((row) => {
          const similarity = similarityOf(row.embedding, embedding)
          return similarity >= threshold ? [{ ...stored(row), similarity }] : []
        })
        .sort((a, b) => b.similarity - a.similarity)
        .slice(0, count),
    countMemories: async (query) => rows().filter((row) => isAsked(row, query)).length,
  }
}

const isUnique = ({ unique = true }: Row): boolean => unique

function isAsked(row: Row, query: MemoryQuery): boolean {
  const { unique, documentId, start = -Infinity, end = Infinity } = query
  return (
    among(query.roomIds, row.roomId) &&
    fits(row, query, ['type', 'worldId', 'entityId']) &&
    (unique === undefined || isUnique(row) === unique) &&
    (documentId === undefined || row.metadata?.documentId === documentId) &&
    query.turnId === undefined && // rows in memory belong to none
    row.createdAt >= start &&
    row.createdAt < end + 1
  )
}

const stored = (row: Row, embedding?: readonly number[]): StoredMemory => ({
  ...{ id: row.id, type: row.type, agentId: row.agentId, entityId: row.entityId },
  ...{ roomId: row.roomId, worldId: row.worldId, unique: isUnique(row), content: row.content },
  ...{ metadata: row.metadata ?? {}, createdAt: Math.floor(row.createdAt) },
  ...(embedding && { embedding }),
})

function similarityOf(a: readonly number[] | undefined, b: MemorySearch['embedding']): number {
  if (!a || a.length !== b.length) return Number.NaN
  const dot = (x: readonly number[], y: readonly number[]) =>
    x.reduce((sum, value, at) => sum + value * (y[at] ?? 0), 0)
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))
}

type Places = Pick<
  AgentRecords,
  | 'entities'
  | 'entitiesOfRoom'
  | 'rooms'
  | 'roomsOfWorld'
  | 'roomIdsOf'
  | 'worlds'
  | 'participants'
  | 'participantState'
>
type RowOf<Table extends keyof Shelf> = Shelf[Table] extends Map<string, infer R> ? R : never

interface Standing {
  readonly rooms: readonly RowOf<'rooms'>[]
  readonly worlds: readonly RowOf<'worlds'>[]
  readonly entities: readonly RowOf<'entities'>[]
  readonly participants: readonly RowOf<'participants'>[]
}

function placeReads(standing: () => Standing): Places {
  const entities = (ids: readonly string[]): Entity[] =>
    standing()
      .entities.filter(({ id }) => ids.includes(id))
      .sort((a, b) => ids.indexOf(a.id) - ids.indexOf(b.id))
      .map(({ id, names, metadata = {} }) => ({ id, names, metadata }))
  const participants = (id: string) =>
    standing()
      .participants.filter(({ roomId }) => roomId === id)
      .map(({ entityId }) => entityId)
  const rooms = (isWanted: (room: RowOf<'rooms'>) => boolean) => {
    const { rooms, worlds } = standing()
    return rooms.filter(isWanted).map((room) => roomRecord(room, worlds))
  }
  return {
    entities: async (ids) => entities(ids),
    entitiesOfRoom: async (roomId) => entities(participants(roomId)),
    rooms: async (ids) => rooms(({ id }) => ids.includes(id)),
    roomsOfWorld: async (worldId) => rooms((room) => room.worldId === worldId),
    roomIdsOf: async (ids) => [
      ...new Set(
        standing()
          .participants.filter(({ entityId }) => ids.includes(entityId))
          .map(({ roomId }) => roomId),
      ),
    ],
    worlds: async (ids) =>
      standing()
        .worlds.filter(({ id }) => among(ids, id))
        .map(worldRecord),
    participants: async (roomId) => participants(roomId),
    participantState: async (roomId, entityId) =>
      standing().participants.find((one) => one.roomId === roomId && one.entityId === entityId)
        ?.state ?? null,
  }
}

const roomRecord = (room: RowOf<'rooms'>, worlds: Standing['worlds']): RoomRecord => {
  const { createdAt: _createdAt, metadata = {}, ...rest } = room
  const world = worlds.find(({ id }) => id === room.worldId)
  return { ...rest, metadata, messageServerId: world?.messageServerId ?? DEFAULT_MESSAGE_SERVER_ID }
}

const worldRecord = (world: RowOf<'worlds'>): World => ({
  ...{ id: world.id, agentId: world.agentId, name: world.name, metadata: world.metadata ?? {} },
  messageServerId: world.messageServerId ?? DEFAULT_MESSAGE_SERVER_ID,
})

const among = (list: readonly string[] | undefined, value: string): boolean =>
  list === undefined || list.includes(value)

/** Whether the row has the same value wherever the query has one. */
const fits = <Key extends string>(
  row: { readonly [K in Key]?: unknown },
  query: { readonly [K in Key]?: unknown },
  keys: readonly Key[],
): boolean => keys.every((key) => query[key] === undefined || row[key] === query[key])
