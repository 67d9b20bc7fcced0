import type { Entity } from '../../agent/memory.ts'
import type { PlaceReads, RecordWrite, RoomRecord, World } from '../../agent/records.ts'
import type { Json, JsonObject } from '../../schema/json.ts'
import { isObject } from './json.ts'
import { among, type Changes, changed, type WriteOf } from './overlay-rows.ts'

/** Entities, rooms, worlds and participants as they will be when the step has committed. */
export function overlaidPlaces(
  records: PlaceReads,
  written: readonly RecordWrite[],
  agentId: string,
): PlaceReads {
  const rooms = roomChanges(agentId)
  const roomsByIds = withNamedRooms(rooms, agentId)
  const entities = async (ids: readonly string[]) =>
    changed(await records.entities(ids), written, ENTITIES, ({ id }) => ids.includes(id))
  const participants = async (roomId: string) =>
    changed(await records.participants(roomId), written, participantChanges(roomId))
  return {
    entities,
    participants,
    async entitiesOfRoom(roomId) {
      const standing = await records.entitiesOfRoom(roomId)
      const present = await participants(roomId)
      const came = present.filter((id) => !standing.some((entity) => entity.id === id))
      const others = came.length === 0 ? [] : await records.entities(came)
      const isPresent = ({ id }: Entity) => present.includes(id)
      return changed([...standing, ...others], written, ENTITIES, isPresent)
    },
    rooms: async (ids) =>
      changed(await records.rooms(ids), written, roomsByIds, ({ id }) => ids.includes(id)),
    async roomsOfWorld(worldId) {
      const listed = await records.roomsOfWorld(worldId)
      const others = written
        .flatMap((write) => (write.kind === 'room.put' ? [write.room.id] : []))
        .filter((id) => !listed.some((room) => room.id === id))
      // One that exists elsewhere is not made again.
      const elsewhere = others.length === 0 ? [] : await records.rooms([...new Set(others)])
      const isHere = (room: RoomRecord) => room.worldId === worldId
      return changed([...listed, ...elsewhere], written, rooms, isHere)
    },
    async roomIdsOf(entityIds) {
      const rows = await records.roomIdsOf(entityIds)
      return changed(rows, written, roomIdChanges(entityIds))
    },
    worlds: async (ids) =>
      changed(await records.worlds(ids), written, worldChanges(agentId), ({ id }) =>
        among(ids, id),
      ),
    async participantState(roomId, entityId) {
      const last = written.findLast(
        (write): write is WriteOf<'participant.state'> =>
          write.kind === 'participant.state' &&
          write.roomId === roomId &&
          write.entityId === entityId,
      )
      return last ? last.state : records.participantState(roomId, entityId)
    },
  }
}

interface Put<Row> {
  readonly row: Partial<Row>
  readonly ifMissing?: boolean
  /** It was made only because something named it: then it counts as missing. */
  isBlank(row: Row): boolean
}

/** What is put; undefined keys leave what stands there. */
function put<Row extends { readonly id: string }>(
  rows: Map<string, Row>,
  empty: Row,
  { ifMissing, row, isBlank }: Put<Row>,
): void {
  const standing = rows.get(empty.id)
  if (standing && ifMissing && !isBlank(standing)) return
  const given = Object.entries(row).filter(([, value]) => value !== undefined)
  rows.set(empty.id, { ...(standing ?? empty), ...structuredClone(Object.fromEntries(given)) })
}

const ENTITIES: Changes<Entity> = {
  idOf: ({ id }) => id,
  apply(rows, write) {
    for (const id of namedBy(write)) if (!rows.has(id)) rows.set(id, blankEntity(id))
    if (write.kind !== 'entity.put') return
    const { entity: row, ifMissing } = write
    const isBlank = ({ names }: Entity) => names.length === 0
    put(rows, blankEntity(row.id), { row, ifMissing, isBlank })
  },
}

const blankEntity = (id: string): Entity => ({ id, names: [], metadata: {} })

/** The database makes entities that something refers to. */
function namedBy(write: RecordWrite): readonly string[] {
  if (write.kind === 'participant.add') return [write.entityId]
  if (write.kind !== 'relationship.put') return []
  return [write.relationship.sourceEntityId, write.relationship.targetEntityId]
}

const roomChanges = (agentId: string): Changes<RoomRecord> => ({
  idOf: ({ id }) => id,
  apply(rows, write) {
    if (write.kind === 'room.put') {
      const { room: row, ifMissing } = write
      const isBlank = ({ source }: RoomRecord) => source === 'unknown'
      put<RoomRecord>(rows, { metadata: {}, ...row, agentId }, { row, ifMissing, isBlank })
    }
    if (write.kind === 'world.delete') removeRooms(rows, { worldId: write.id })
    if (write.kind === 'room.delete') removeRooms(rows, write)
  },
})

/** The database makes rooms in which something is, too: only where all were asked for is one missing. */
const withNamedRooms = (rooms: Changes<RoomRecord>, agentId: string): Changes<RoomRecord> => ({
  ...rooms,
  apply(rows, write) {
    const id = roomNamedBy(write)
    if (id !== undefined && !rows.has(id)) rows.set(id, blankRoom(id, agentId))
    rooms.apply(rows, write)
  },
})

function roomNamedBy(write: RecordWrite): string | undefined {
  if (write.kind === 'participant.add') return write.roomId
  return write.kind === 'memory.create' ? write.memory.roomId : undefined
}

const blankRoom = (id: string, agentId: string): RoomRecord => ({
  ...{ id, agentId, worldId: agentId, channelId: id },
  ...{ source: 'unknown', type: 'SELF', metadata: {} },
})

function removeRooms(
  rows: Map<string, RoomRecord>,
  { ids = [], worldId }: { readonly ids?: readonly string[]; readonly worldId?: string },
): void {
  for (const room of [...rows.values()]) {
    if (ids.includes(room.id) || room.worldId === worldId) rows.delete(room.id)
  }
}

const worldChanges = (agentId: string): Changes<World> => ({
  idOf: ({ id }) => id,
  apply(rows, write) {
    const blank = (id: string): World => ({ id, agentId, metadata: {} })
    if (write.kind === 'world.put') {
      const { world: row, ifMissing } = write
      const isBlank = ({ name, metadata }: World) => !name && Object.keys(metadata).length === 0
      put<World>(rows, blank(row.id), { row, ifMissing, isBlank })
    }
    if (write.kind === 'room.put' && !rows.has(write.room.worldId)) {
      rows.set(write.room.worldId, blank(write.room.worldId))
    }
    if (write.kind === 'world.delete') rows.delete(write.id)
    if (write.kind !== 'world.set') return
    const world = rows.get(write.id)
    if (!world) return
    const metadata = withSet(world.metadata, write.path, write.value)
    rows.set(world.id, { ...world, metadata })
  },
})

/** A copy with one key set, or removed by undefined; what is in its way is replaced by an object. */
function withSet(
  object: JsonObject,
  [key, ...path]: readonly string[],
  value: Json | undefined,
): JsonObject {
  if (key === undefined) return object
  const standing = object[key]
  if (value === undefined && !Object.hasOwn(object, key)) return object
  const inner = path.length === 0 ? value : withSet(isObject(standing) ? standing : {}, path, value)
  const { [key]: _replaced, ...rest } = object
  return inner === undefined ? rest : { ...rest, [key]: inner }
}

const participantChanges = (roomId: string): Changes<string> => ({
  idOf: (id) => id,
  apply(ids, write) {
    if (write.kind === 'participant.add' && write.roomId === roomId) {
      ids.set(write.entityId, write.entityId)
    }
    if (write.kind === 'participant.remove' && write.roomId === roomId) ids.delete(write.entityId)
    if (write.kind === 'room.delete' && write.ids?.includes(roomId)) ids.clear()
  },
})

/** Another of the entities may still be in a room that one has left: then the room stays out too long. */
const roomIdChanges = (entityIds: readonly string[]): Changes<string> => ({
  idOf: (id) => id,
  apply(ids, write) {
    if (write.kind === 'participant.add' && entityIds.includes(write.entityId)) {
      ids.set(write.roomId, write.roomId)
    }
    if (write.kind === 'participant.remove' && entityIds.includes(write.entityId)) {
      ids.delete(write.roomId)
    }
    if (write.kind === 'room.delete') for (const id of write.ids ?? []) ids.delete(id)
  },
})
