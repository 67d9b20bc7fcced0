import type { Entity } from '../../agent/memory.ts'
import type { AgentRecords, RecordWrite, RoomRecord, World } from '../../agent/records.ts'
import type { Json, JsonObject } from '../../schema/json.ts'
import { isObject } from './json.ts'
import { among, type Changes, changed, type WriteOf } from './overlay-rows.ts'

type PlaceReads = Pick<
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

/** Entities, rooms, worlds and participants as they will be when the step has committed. */
export function overlaidPlaces(
  records: PlaceReads,
  written: readonly RecordWrite[],
  agentId: string,
): PlaceReads {
  const rooms = roomChanges(agentId)
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
      changed(await records.rooms(ids), written, rooms, ({ id }) => ids.includes(id)),
    roomsOfWorld: async (worldId) =>
      changed(
        await records.roomsOfWorld(worldId),
        written,
        rooms,
        (room) => room.worldId === worldId,
      ),
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

/** What is put; undefined keys leave what stands there. */
function put<Row extends { readonly id: string }>(
  rows: Map<string, Row>,
  empty: Row,
  { ifMissing, row }: { readonly ifMissing?: boolean; readonly row: Partial<Row> },
): void {
  const standing = rows.get(empty.id)
  if (standing && ifMissing) return
  const given = Object.entries(row).filter(([, value]) => value !== undefined)
  rows.set(empty.id, { ...(standing ?? empty), ...structuredClone(Object.fromEntries(given)) })
}

const ENTITIES: Changes<Entity> = {
  idOf: ({ id }) => id,
  apply(rows, write) {
    if (write.kind !== 'entity.put') return
    const { entity: row, ifMissing } = write
    put<Entity>(rows, { id: row.id, names: [], metadata: {} }, { row, ifMissing })
  },
}

const roomChanges = (agentId: string): Changes<RoomRecord> => ({
  idOf: ({ id }) => id,
  apply(rows, write) {
    if (write.kind === 'room.put') {
      const { room: row, ifMissing } = write
      put<RoomRecord>(rows, { metadata: {}, ...row, agentId }, { row, ifMissing })
    }
    if (write.kind === 'world.delete') removeRooms(rows, { worldId: write.id })
    if (write.kind === 'room.delete') removeRooms(rows, write)
  },
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
    if (write.kind === 'world.put') {
      const { world: row, ifMissing } = write
      put<World>(rows, { id: row.id, agentId, metadata: {} }, { row, ifMissing })
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
