import { MAX_LISTED, type MemoryQuery, type StoredMemory } from '../../agent/records.ts'
import type { ElizaMemory } from '../contract.ts'
import type { Access } from './access.ts'
import { given, toContent, toObject } from './json.ts'
import type { MemoryMembers } from './record-members.ts'
import type { KeptMemory, MemoriesAsked } from './shapes.ts'

export function memoryMembers(access: Access): MemoryMembers {
  const list = async (query: MemoryQuery): Promise<KeptMemory[]> =>
    (await access.records().memories(query)).map(toElizaMemory)
  const byIds = async (ids: readonly string[], type?: string) =>
    ids.length === 0 ? [] : (await access.records().memoriesById(ids, type)).map(toElizaMemory)
  return {
    createMemory: (memory, tableName, unique) => createMemory(access, memory, tableName, unique),
    async updateMemory({ id, content, metadata, embedding }) {
      const [standing] = await access.records().memoriesById([id])
      if (!standing) return false
      await access.write({
        ...{ kind: 'memory.update', id, ...(embedding && { embedding: Array.from(embedding) }) },
        ...(content !== undefined && { content: toContent(content, 'the content of a memory') }),
        ...(metadata && { metadata: toObject(metadata, 'the metadata of a memory') }),
      })
      return true
    },
    deleteMemory: (id) => access.write({ kind: 'memory.delete', ids: [id] }),
    deleteManyMemories: async (ids) => {
      if (ids.length > 0) await access.write({ kind: 'memory.delete', ids: [...ids] })
    },
    deleteAllMemories: (roomId, tableName) =>
      access.write({ kind: 'memory.clear', roomId, ...(tableName && { type: tableName }) }),
    clearAllAgentMemories: () => access.write({ kind: 'memory.clear' }),
    getMemories: async (asked) => (isOwn(access, asked) ? list(queryOf(asked)) : []),
    getAllMemories: () => list({ count: MAX_LISTED }),
    getMemoryById: async (id) => (await byIds([id]))[0] ?? null,
    getMemoriesByIds: (ids, tableName) => byIds([...ids], tableName),
    getMemoriesByRoomIds: async ({ roomIds = [], limit, ...asked }) =>
      roomIds.length === 0
        ? []
        : list({ ...queryOf({ ...asked, count: limit ?? asked.count }), roomIds: [...roomIds] }),
    getMemoriesByWorldId: async (asked) =>
      asked.worldId ? list(queryOf({ ...asked, count: asked.count ?? asked.limit })) : [],
    async countMemories(room, unique, tableName) {
      // One object in 2.x; ElizaOS counts only unique ones unless it is told otherwise.
      const asked: MemoriesAsked =
        typeof room === 'object' ? room : { roomId: room, unique, tableName }
      const { type, roomIds, worldId } = queryOf(asked)
      const only = (asked.unique ?? true) ? { unique: true } : {}
      return access.records().countMemories(given({ type, roomIds, worldId, ...only }))
    },
  }
}

/** Rows of others are never found; asking for them is no error. */
const isOwn = ({ agentId }: Access, asked: MemoriesAsked): boolean =>
  asked.agentId === undefined || asked.agentId === agentId

function queryOf(asked: MemoriesAsked): MemoryQuery {
  const { tableName: type, roomId, worldId, entityId, offset, start, end } = asked
  const count = Math.min(asked.count ?? MAX_LISTED, MAX_LISTED)
  return given({
    ...{ type, worldId, entityId, offset, start, end, count },
    roomIds: roomId ? [roomId] : asked.roomIds && [...asked.roomIds],
    // ElizaOS filters by `true` only.
    unique: asked.unique || undefined,
    withEmbeddings: asked.includeEmbedding || undefined,
  })
}

async function createMemory(
  access: Access,
  memory: ElizaMemory,
  tableName = 'messages',
  unique?: boolean,
): Promise<string> {
  const { agentId } = access
  const { roomId, entityId = agentId, worldId, embedding } = memory
  const id = memory.id ?? access.nextId('memory')
  await access.write({
    kind: 'memory.create',
    memory: {
      ...{ id, type: tableName, entityId, roomId: roomId ?? agentId },
      ...(worldId && { worldId }),
      content: toContent(memory.content, 'the content of a memory'),
      metadata: toObject(memory.metadata, 'the metadata of a memory') ?? {},
      unique: unique ?? memory.unique ?? true,
      // A vector of no length is a model's way to say that it has none.
      ...(embedding?.length && { embedding: Array.from(embedding) }),
      createdAt: timeOf(memory.createdAt) ?? access.now(),
    },
  })
  return id
}

function timeOf(value: unknown): number | undefined {
  const time = value instanceof Date ? value.getTime() : value
  return typeof time === 'number' && Number.isFinite(time) ? time : undefined
}

/** With `type`, as plugin-sql has it. */
export function toElizaMemory({ embedding, ...memory }: StoredMemory): KeptMemory {
  return {
    ...memory,
    content: { ...memory.content },
    metadata: { ...memory.metadata },
    ...(embedding && { embedding: [...embedding] }),
  }
}
