import { checkRecord, RecordError } from '../../agent/record-checks.ts'
import type { MemoryWrite, RecordWrite } from '../../agent/records.ts'
import { setPath } from '../../memory/set-path.ts'
import { stringToUuid } from '../../schema/ids.ts'
import { laterNow, type Owned, type Shelf } from './memory-records-shelf.ts'

type Of<Kind extends RecordWrite['kind']> = Extract<RecordWrite, { kind: Kind }>
type Appliers = { readonly [Kind in RecordWrite['kind']]: (on: On, write: Of<Kind>) => void }

interface On {
  readonly shelf: Shelf
  readonly agentId: string
}

/** @throws {RecordError} a row of the same id belongs to another agent. */
export function applyInMemory(shelf: Shelf, agentId: string, write: RecordWrite): void {
  // Ids may be any text here, so that tests can call a room 'room'.
  if (['world.set', 'participant.state'].includes(write.kind)) checkRecord(write)
  const apply = APPLIERS[write.kind] as (on: On, write: RecordWrite) => void // by its own kind
  apply({ shelf, agentId }, write)
}

const APPLIERS: Appliers = {
  'memory.create': (on, { memory }) => addMemory(on, memory),
  'memory.update'({ shelf, agentId }, { id, content, metadata, embedding }) {
    const row = shelf.memories.get(id)
    if (row?.agentId !== agentId) return
    shelf.memories.set(id, {
      ...row,
      content: { ...row.content, ...content },
      metadata: { ...row.metadata, ...metadata },
      embedding: embedding ?? row.embedding,
    })
  },
  'memory.delete': (on, { ids }) =>
    removeWhere(on, on.shelf.memories, ({ id, metadata }) =>
      [id, metadata?.documentId].some((one) => typeof one === 'string' && ids.includes(one)),
    ),
  'memory.clear': (on, { roomId, type }) =>
    removeWhere(
      on,
      on.shelf.memories,
      (row) =>
        (roomId === undefined || row.roomId === roomId) &&
        (type === undefined || row.type === type),
    ),
  'entity.put': (on, { entity, ifMissing }) =>
    put(on, 'entity', on.shelf.entities, entity, ifMissing),
  'room.put'(on, { room, ifMissing }) {
    put(on, 'world', on.shelf.worlds, { id: room.worldId }, true)
    put(on, 'room', on.shelf.rooms, room, ifMissing)
  },
  'room.delete': (on, { ids, worldId }) =>
    removeRooms(on, (room) => (ids?.includes(room.id) ?? false) || room.worldId === worldId),
  'world.put': (on, { world, ifMissing }) => put(on, 'world', on.shelf.worlds, world, ifMissing),
  'world.set'({ shelf, agentId }, { id, path, value }) {
    const row = shelf.worlds.get(id)
    if (row?.agentId !== agentId) return
    shelf.worlds.set(id, { ...row, metadata: setPath(row.metadata ?? {}, path, value) })
  },
  'world.delete'(on, { id }) {
    removeRooms(on, ({ worldId }) => worldId === id)
    removeWhere(on, on.shelf.worlds, (row) => row.id === id)
  },
  'participant.add': (on, write) => join(on, write),
  'participant.remove': (on, { roomId, entityId }) =>
    removeWhere(
      on,
      on.shelf.participants,
      (row) => row.roomId === roomId && row.entityId === entityId,
    ),
  'participant.state'({ shelf, agentId }, { roomId, entityId, state }) {
    const key = `${roomId}:${entityId}`
    const row = shelf.participants.get(key)
    if (row?.agentId === agentId) shelf.participants.set(key, { ...row, state })
  },
  'component.put': (on, { component }) =>
    put(on, 'component', on.shelf.components, component, false),
  'component.delete': (on, { id }) => removeWhere(on, on.shelf.components, (row) => row.id === id),
  'relationship.put'(on, { relationship }) {
    const { sourceEntityId, targetEntityId, tags, metadata } = relationship
    for (const id of [sourceEntityId, targetEntityId]) {
      put(on, 'entity', on.shelf.entities, { id, names: [] }, true)
    }
    const pair = `${on.agentId}:${sourceEntityId}:${targetEntityId}`
    const standing = on.shelf.relationships.get(pair)
    on.shelf.relationships.set(pair, {
      id: standing?.id ?? relationship.id ?? stringToUuid(pair),
      ...{ agentId: on.agentId, sourceEntityId, targetEntityId, tags: [...tags] },
      metadata: metadata ?? standing?.metadata ?? {},
      createdAt: standing?.createdAt ?? Math.floor(laterNow()),
    })
  },
  'cache.put': ({ shelf, agentId }, { key, value, expiresAt = Infinity }) =>
    void shelf.cache.set(`${agentId}:${key}`, { value, expiresAt }),
  'cache.delete': ({ shelf, agentId }, { key }) => void shelf.cache.delete(`${agentId}:${key}`),
  'task.put'({ shelf, agentId }, { task }) {
    const standing = shelf.tasks.get(task.id)
    if (standing && standing.agentId !== agentId) throw foreign('task', task.id)
    const now = Math.floor(laterNow())
    shelf.tasks.set(task.id, {
      ...{ ...task, agentId, createdAt: standing?.createdAt ?? now, updatedAt: now },
    })
  },
  'task.delete': (on, { id }) => removeWhere(on, on.shelf.tasks, (row) => row.id === id),
  'log.add'({ shelf, agentId }, { log }) {
    if (shelf.logs.has(log.id)) return
    shelf.logs.set(log.id, { ...log, agentId, createdAt: Math.floor(laterNow()) })
  },
  'log.delete': (on, { id }) => removeWhere(on, on.shelf.logs, (row) => row.id === id),
  'message.send'(on, { id, memoryId, roomId, content, outboxSource }) {
    const room = on.shelf.rooms.get(roomId)
    if (room?.agentId !== on.agentId) {
      throw new RecordError(`The agent has no room '${roomId}' to say something in.`)
    }
    if (!on.shelf.sent.has(id)) on.shelf.sent.set(id, { id, roomId, content, outboxSource })
    const metadata = { type: 'message' }
    const { agentId: entityId } = on
    addMemory(on, { id: memoryId, type: 'messages', roomId, entityId, content, metadata })
  },
}

function addMemory(on: On, memory: MemoryWrite): void {
  ensureRoom(on, memory.roomId)
  const { shelf, agentId } = on
  const standing = shelf.memories.get(memory.id)
  if (standing && standing.agentId !== agentId) throw foreign('memory', memory.id)
  if (standing) return
  const worldId = memory.worldId ?? shelf.rooms.get(memory.roomId)?.worldId
  const createdAt = memory.createdAt ?? laterNow()
  shelf.memories.set(memory.id, { ...memory, worldId, agentId, createdAt })
}

function ensureRoom(on: On, id: string): void {
  if (on.shelf.rooms.get(id)?.agentId === on.agentId) return
  const worldId = on.agentId
  put(on, 'world', on.shelf.worlds, { id: worldId }, true)
  const room = { id, worldId, channelId: id, source: 'unknown', type: 'SELF' }
  put(on, 'room', on.shelf.rooms, room, true)
}

function join(on: On, { roomId, entityId }: { roomId: string; entityId: string }): void {
  ensureRoom(on, roomId)
  put(on, 'entity', on.shelf.entities, { id: entityId, names: [] }, true)
  const key = `${roomId}:${entityId}`
  if (on.shelf.participants.has(key)) return
  const { agentId } = on
  const row = { roomId, entityId, agentId, state: null, createdAt: laterNow() }
  on.shelf.participants.set(key, row)
}

function removeRooms(on: On, isWanted: (room: { id: string; worldId: string }) => boolean): void {
  for (const room of [...on.shelf.rooms.values()]) {
    if (room.agentId !== on.agentId || !isWanted(room)) continue
    on.shelf.rooms.delete(room.id)
    removeWhere(on, on.shelf.memories, ({ roomId }) => roomId === room.id)
    removeWhere(on, on.shelf.participants, ({ roomId }) => roomId === room.id)
  }
}

/** Undefined keys leave what stands there. */
function put<Write extends { readonly id: string }>(
  { agentId }: On,
  kind: string,
  rows: Map<string, Owned<Write>>,
  row: Write,
  ifMissing = false,
): void {
  const standing = rows.get(row.id)
  if (standing && standing.agentId !== agentId) throw foreign(kind, row.id)
  if (standing && ifMissing && !isBlank(kind, standing)) return
  const given = Object.entries(row).filter(([, value]) => value !== undefined)
  const createdAt = standing?.createdAt ?? Math.floor(laterNow())
  rows.set(row.id, { ...row, ...standing, ...Object.fromEntries(given), agentId, createdAt })
}

/** Made because something referred to it. */
function isBlank(kind: string, row: object): boolean {
  if (kind === 'room') return 'source' in row && row.source === 'unknown'
  if (kind === 'entity') return 'names' in row && Array.isArray(row.names) && !row.names.length
  const { name, metadata = {} } = row as { name?: string; metadata?: object } // a world's
  return kind === 'world' && name === undefined && Object.keys(metadata).length === 0
}

const foreign = (kind: string, id: string): RecordError =>
  new RecordError(`The ${kind} '${id}' belongs to another agent.`)

function removeWhere<Row extends { readonly agentId: string }>(
  { agentId }: On,
  rows: Map<string, Row>,
  isWanted: (row: Row) => boolean,
): void {
  for (const [key, row] of rows) {
    if (row.agentId === agentId && isWanted(row)) rows.delete(key)
  }
}
