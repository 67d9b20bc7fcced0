import type { RecordWrite, RoomRecord } from '../../agent/records.ts'
import { createUniqueUuid, DEFAULT_MESSAGE_SERVER_ID } from '../../schema/ids.ts'
import type { Access } from './access.ts'
import { given, toObject } from './json.ts'
import type { RoomMembers } from './record-members.ts'
import type { ElizaRoom } from './shapes.ts'

export function roomMembers(access: Access): RoomMembers {
  const byIds = async (ids: readonly string[]) =>
    ids.length === 0 ? [] : (await access.records().rooms(ids)).map(toElizaRoom)
  const ofWorld = async (worldId: string) =>
    (await access.records().roomsOfWorld(worldId)).map(toElizaRoom)
  const createRooms = async (rooms: readonly ElizaRoom[]): Promise<string[]> => {
    const writes = rooms.map((room) => roomPut(access, room, { ifMissing: true }))
    if (writes.length > 0) await access.write(...writes)
    return writes.map(({ room }) => room.id)
  }
  return {
    getRoom: async (id) => (id ? ((await byIds([id]))[0] ?? null) : null),
    getRoomsByIds: (ids) => byIds([...new Set(ids)]),
    getRooms: ofWorld,
    getRoomsByWorld: ofWorld,
    async createRoom(room) {
      const write = roomPut(access, room, { ifMissing: true })
      await access.write(write)
      return write.room.id
    },
    createRooms,
    async updateRoom(room) {
      const [standing] = await access.records().rooms([room.id])
      await access.write(roomPut(access, { ...standing, ...given(room) }, { ifMissing: false }))
    },
    deleteRoom: (id) => access.write({ kind: 'room.delete', ids: [id] }),
    deleteRoomsByWorldId: (worldId) => access.write({ kind: 'room.delete', worldId }),
  }
}

/** What a plugin left out is filled in: the world by its server, as ElizaOS's ids have it. */
export function roomPut(
  access: Access,
  room: Partial<ElizaRoom>,
  { ifMissing }: { readonly ifMissing: boolean },
): Extract<RecordWrite, { kind: 'room.put' }> {
  const { id = access.nextId('room'), name, metadata, source, type } = room
  return {
    kind: 'room.put',
    room: {
      ...{ id, source: source || 'unknown', type: type || 'GROUP' },
      ...(name && { name }),
      channelId: room.channelId || id,
      worldId: room.worldId || worldIdOf(access, room),
      ...(metadata && { metadata: toObject(metadata, 'the metadata of a room') }),
    },
    ...(ifMissing && { ifMissing }),
  }
}

/** Bit for bit the id that plugins compute themselves. */
export const worldIdOf = (
  { agentId }: Pick<Access, 'agentId'>,
  { messageServerId, serverId }: { messageServerId?: string; serverId?: string },
): string => createUniqueUuid(agentId, messageServerId || serverId || DEFAULT_MESSAGE_SERVER_ID)

/** Under both names of its server. */
const toElizaRoom = ({ messageServerId, ...room }: RoomRecord): ElizaRoom => ({
  ...room,
  metadata: { ...room.metadata },
  ...(messageServerId && { messageServerId, serverId: messageServerId }),
})
