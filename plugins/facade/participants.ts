import { stringToUuid } from '../../schema/ids.ts'
import type { Access } from './access.ts'
import type { ParticipantMembers } from './record-members.ts'

export function participantMembers(access: Access): ParticipantMembers {
  const roomsOf = async (entityIds: readonly string[]) =>
    entityIds.length === 0 ? [] : [...(await access.records().roomIdsOf(entityIds))]
  const add = async (entityIds: readonly string[], roomId: string): Promise<boolean> => {
    const writes = entityIds.map((entityId) => participantAdd(entityId, roomId))
    if (writes.length > 0) await access.write(...writes)
    return true
  }
  return {
    addParticipant: (entityId, roomId) => add([entityId], roomId),
    addParticipantsRoom: add,
    async removeParticipant(entityId, roomId) {
      await access.write({ kind: 'participant.remove', roomId, entityId })
      return true
    },
    getParticipantsForRoom: async (roomId) => [...(await access.records().participants(roomId))],
    async getParticipantsForEntity(entityId) {
      const entity = await access.runtime.getEntityById(entityId)
      if (!entity) return []
      const ids = await roomsOf([entityId])
      return ids.map((roomId) => ({
        ...{ id: stringToUuid(`participant:${roomId}:${entityId}`), entity, roomId },
      }))
    },
    isRoomParticipant: async (roomId, entityId) =>
      (await access.records().participants(roomId)).includes(entityId),
    getRoomsForParticipant: (entityId) => roomsOf([entityId]),
    getRoomsForParticipants: (entityIds) => roomsOf([...new Set(entityIds)]),
    getParticipantUserState: (roomId, entityId) =>
      access.records().participantState(roomId, entityId),
    setParticipantUserState: (roomId, entityId, state) =>
      access.write({ kind: 'participant.state', roomId, entityId, state: state ?? null }),
  }
}

export const participantAdd = (entityId: string, roomId: string) =>
  ({ kind: 'participant.add', roomId, entityId }) as const
