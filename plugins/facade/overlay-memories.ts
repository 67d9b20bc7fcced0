import {
  type AgentRecords,
  MAX_LISTED,
  type MemoryQuery,
  type MemorySearch,
  type RecordWrite,
  type StoredMemory,
} from '../../agent/records.ts'
import { among, type Changes, changed, fits, type WriteOf } from './overlay-rows.ts'

type MemoryReads = Pick<
  AgentRecords,
  'memories' | 'memoriesById' | 'searchMemories' | 'countMemories'
>

const DEFAULT_COUNT = 10

/** More than the fragments of a long document. */
const SPARE = 2_000
const REMOVING: readonly RecordWrite['kind'][] = ['memory.delete', 'memory.clear', 'room.delete']

/** Memories as they will be when the step has committed. */
export function overlaidMemories(
  records: MemoryReads,
  all: readonly RecordWrite[],
  agentId: string,
): MemoryReads {
  const written = all.filter(
    ({ kind }) => kind.startsWith('memory.') || ['message.send', 'room.delete'].includes(kind),
  )
  if (written.length === 0) return records
  const changes = memoryChanges(agentId)
  return {
    async memories(query) {
      const { count = DEFAULT_COUNT, offset = 0, withEmbeddings } = query
      // What was removed may have stood on this page: as many more are asked for.
      const spare = written.some(({ kind }) => REMOVING.includes(kind)) ? SPARE : 0
      const wanted = Math.min(offset + count + spare, MAX_LISTED)
      const listed = await records.memories({ ...query, offset: 0, count: wanted })
      const rows = await withNamed(records, written, listed)
      const found = changed(rows, written, changes, (row) => isAsked(row, query))
      return sorted(found, query.oldestFirst)
        .slice(offset, offset + Math.min(count, MAX_LISTED))
        .map((row) => (withEmbeddings ? row : withoutEmbedding(row)))
    },
    async memoriesById(ids, type) {
      const rows = await records.memoriesById(ids, type)
      const isWanted = (row: StoredMemory) =>
        ids.includes(row.id) && (type === undefined || row.type === type)
      return changed(rows, written, changes, isWanted).map(withoutEmbedding)
    },
    async searchMemories(search) {
      const rows = await withNamed(records, written, await records.searchMemories(search))
      const isWanted = (row: StoredMemory) => isAsked(row, queryOf(search))
      return changed(rows, written, changes, isWanted)
        .flatMap((row) => found(row, search))
        .sort((a, b) => (b.similarity ?? 0) - (a.similarity ?? 0))
        .slice(0, search.count ?? DEFAULT_COUNT)
        .map(withoutEmbedding)
    },
    async countMemories(query) {
      const isWanted = (row: StoredMemory) => isAsked(row, query)
      if (written.some(({ kind }) => kind === 'memory.clear' || kind === 'room.delete')) {
        const listed = await records.memories({ ...query, count: MAX_LISTED })
        const rows = await withNamed(records, written, listed)
        return changed(rows, written, changes, isWanted).length
      }
      const standing = await records.countMemories(query)
      const touched = await rowsTouched(records, written, query)
      const after = changed(touched, written, changes, isWanted)
      return standing + after.length - touched.filter(isWanted).length
    },
  }
}

/** With the stored rows that the writes name: one that exists is not made again, and may fit now. */
async function withNamed(
  records: MemoryReads,
  written: readonly RecordWrite[],
  rows: readonly StoredMemory[],
): Promise<readonly StoredMemory[]> {
  const ids = written
    .filter(({ kind }) => kind === 'memory.create' || kind === 'memory.update')
    .flatMap(idsOf)
  const others = [...new Set(ids)].filter((id) => !rows.some((row) => row.id === id))
  return others.length === 0 ? rows : [...rows, ...(await records.memoriesById(others))]
}

/** The stored rows that the writes name. */
async function rowsTouched(
  records: MemoryReads,
  written: readonly RecordWrite[],
  query: MemoryQuery,
): Promise<StoredMemory[]> {
  const ids = [...new Set(written.flatMap(idsOf))]
  const gone = written.filter(({ kind }) => kind === 'memory.delete').flatMap(idsOf)
  const pieces = await Promise.all(
    gone.map((documentId) => records.memories({ ...query, documentId, count: MAX_LISTED })),
  )
  const named = ids.length === 0 ? [] : await records.memoriesById(ids)
  return [...new Map([...named, ...pieces.flat()].map((row) => [row.id, row])).values()]
}

function idsOf(write: RecordWrite): readonly string[] {
  if (write.kind === 'memory.create') return [write.memory.id]
  if (write.kind === 'memory.update') return [write.id]
  if (write.kind === 'message.send') return [write.memoryId]
  return write.kind === 'memory.delete' ? write.ids : []
}

const memoryChanges = (agentId: string): Changes<StoredMemory> => ({
  idOf: ({ id }) => id,
  apply(rows, write) {
    if (write.kind === 'memory.create' && !rows.has(write.memory.id)) {
      rows.set(write.memory.id, created(write, agentId))
    }
    if (write.kind === 'message.send') rows.set(write.memoryId, sent(write, agentId))
    if (write.kind === 'memory.update') {
      const row = rows.get(write.id)
      if (row) rows.set(write.id, updated(row, write))
    }
    if (write.kind === 'memory.delete') {
      removeWhere(rows, (row) => isNamed(row, write.ids))
    }
    if (write.kind === 'memory.clear') {
      removeWhere(rows, (row) => fits(row, write, ['roomId', 'type']))
    }
    // Of a whole world's rooms nobody knows here which memories were theirs.
    if (write.kind === 'room.delete') {
      removeWhere(rows, ({ roomId }) => write.ids?.includes(roomId) ?? false)
    }
  },
})

function removeWhere(
  rows: Map<string, StoredMemory>,
  isWanted: (row: StoredMemory) => boolean,
): void {
  for (const row of [...rows.values()]) if (isWanted(row)) rows.delete(row.id)
}

const created = ({ memory }: WriteOf<'memory.create'>, agentId: string): StoredMemory => ({
  ...{ unique: true, createdAt: 0, metadata: {}, ...structuredClone(memory), agentId },
})

const sent = (write: WriteOf<'message.send'>, agentId: string): StoredMemory => ({
  ...{ id: write.memoryId, agentId, entityId: agentId, roomId: write.roomId, type: 'messages' },
  ...{ content: structuredClone(write.content), metadata: {}, unique: true },
  createdAt: Number.MAX_SAFE_INTEGER, // the newest; it gets its time when it is committed
})

const updated = (row: StoredMemory, write: WriteOf<'memory.update'>): StoredMemory => ({
  ...row,
  content: { ...row.content, ...write.content },
  metadata: { ...row.metadata, ...write.metadata },
  embedding: write.embedding ?? row.embedding,
})

const isNamed = ({ id, metadata }: StoredMemory, ids: readonly string[]): boolean =>
  [id, metadata.documentId].some((one) => typeof one === 'string' && ids.includes(one))

function isAsked(row: StoredMemory, query: MemoryQuery): boolean {
  const { start = -Infinity, end = Infinity, documentId } = query
  return (
    among(query.roomIds, row.roomId) &&
    fits(row, query, ['type', 'worldId', 'entityId', 'unique']) &&
    (documentId === undefined || row.metadata.documentId === documentId) &&
    row.createdAt >= start &&
    row.createdAt <= end
  )
}

const queryOf = ({ roomId, type, worldId, entityId, unique }: MemorySearch): MemoryQuery => ({
  ...{ type, worldId, entityId, unique, ...(roomId && { roomIds: [roomId] }) },
})

/** A row from the database knows its similarity; one of the step is compared here. */
function found(row: StoredMemory, { embedding, threshold = -1 }: MemorySearch): StoredMemory[] {
  const similarity = row.similarity ?? similarityOf(row.embedding ?? [], embedding)
  return similarity >= threshold ? [{ ...row, similarity }] : []
}

function similarityOf(a: readonly number[], b: readonly number[]): number {
  if (a.length !== b.length || a.length === 0) return Number.NaN
  const dot = (x: readonly number[], y: readonly number[]) =>
    x.reduce((sum, value, at) => sum + value * (y[at] ?? 0), 0)
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))
}

/** Of two with one time, the one written later is the newer one. */
function sorted(rows: readonly StoredMemory[], oldestFirst = false): StoredMemory[] {
  const sign = oldestFirst ? 1 : -1
  const placed = rows.map((row, place) => ({ row, place }))
  return placed
    .sort((a, b) => sign * (a.row.createdAt - b.row.createdAt) || tie(a, b, sign))
    .map(({ row }) => row)
}

interface Placed {
  readonly row: StoredMemory
  readonly place: number
}

/** Stored rows come in the order that was asked for, written ones behind them in the order of writing. */
const tie = (a: Placed, b: Placed, sign: number): number => sign * (a.place - b.place)

const withoutEmbedding = ({ embedding: _left, ...row }: StoredMemory): StoredMemory => row
