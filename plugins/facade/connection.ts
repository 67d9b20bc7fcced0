import type { RecordWrite } from '../../agent/records.ts'
import { createUniqueUuid } from '../../schema/ids.ts'
import { PluginError } from '../plugin-error.ts'
import type { Access } from './access.ts'
import { entityPut, ownEntity } from './entities.ts'
import { given, isObject } from './json.ts'
import { participantAdd } from './participants.ts'
import type { ConnectionMembers } from './record-members.ts'
import { roomPut, worldIdOf } from './rooms.ts'
import type { ConnectionAsked, ElizaEntity } from './shapes.ts'
import { worldPut } from './worlds.ts'

const IF_MISSING = { ifMissing: true } as const

/** Whoever and wherever a message comes from is made known: in one write, and as often as one likes. */
export function connectionMembers(access: Access): ConnectionMembers {
  return {
    ensureConnection: (asked) => ensureConnection(access, asked),
    async ensureConnections(entities, rooms, source, world) {
      const [first] = rooms ?? []
      if (!entities || !first) return
      const { id: worldId } = worldPut(access, world, IF_MISSING).world
      const { messageServerId = world.serverId } = world
      await access.write(
        worldPut(access, { ...world, id: worldId }, IF_MISSING),
        ...rooms.map((room) =>
          roomPut(access, { ...room, source, worldId, ...given({ messageServerId }) }, IF_MISSING),
        ),
        ...entities
          .filter(({ id }) => id)
          .flatMap((entity) => [
            entityPut(access, entity, IF_MISSING),
            participantAdd(entity.id ?? '', first.id),
          ]),
        ownEntityPut(access),
        participantAdd(access.agentId, first.id),
      )
    },
    async ensureParticipantInRoom(entityId, roomId) {
      const present = await access.records().participants(roomId)
      if (present.includes(entityId)) return
      await access.write(participantAdd(entityId, roomId))
    },
    ensureWorldExists: (world) => access.write(worldPut(access, world, IF_MISSING)),
    ensureRoomExists: (room) => access.write(roomPut(access, room, IF_MISSING)),
  }
}

async function ensureConnection(access: Access, asked: ConnectionAsked): Promise<void> {
  const { entityId, roomId } = idsOf(access, asked)
  const { messageServerId = asked.serverId, metadata, source, type } = asked
  const worldId = asked.worldId || worldIdOf(access, { messageServerId })
  const worldName = asked.worldName || `World of ${messageServerId ?? roomId}`
  const room = { id: roomId, worldId, messageServerId, source: source || 'default' }
  const place = { name: asked.name || 'default', type: type || 'DM', channelId: asked.channelId }
  await access.write(
    ...(await entityWrites(access, entityId, asked)),
    worldPut(access, { id: worldId, name: worldName, messageServerId, metadata }, IF_MISSING),
    roomPut(access, { ...room, ...place }, IF_MISSING),
    participantAdd(entityId, roomId),
    ownEntityPut(access),
    participantAdd(access.agentId, roomId),
  )
}

/** So that the agent has a name among the people of the room. */
const ownEntityPut = (access: Access): RecordWrite =>
  entityPut(access, ownEntity(access), IF_MISSING)

/** By what else names them, where plugins leave ids out. */
function idsOf({ agentId }: Access, asked: ConnectionAsked) {
  const person = asked.userId || asked.userName || asked.name
  const entityId = asked.entityId || (person && createUniqueUuid(agentId, person))
  const roomId = asked.roomId || (asked.channelId && createUniqueUuid(agentId, asked.channelId))
  if (entityId && roomId) return { entityId, roomId }
  const missing = entityId ? "'roomId' or 'channelId'" : "'entityId' or 'userId'"
  const message = `A plugin calls 'ensureConnection' without ${missing}: nobody can tell who is where. Give one of them.`
  throw new PluginError('runtime', message)
}

/** What is known of a person from other places stays. Nothing is written when nothing is new. */
async function entityWrites(
  access: Access,
  id: string,
  { name, userName, userId, source = 'default' }: ConnectionAsked,
): Promise<RecordWrite[]> {
  const names = [name, userName].filter((each) => typeof each === 'string' && each !== '')
  const here = given({ id: userId, name, userName })
  const [standing] = await access.records().entities([id])
  if (!standing) {
    return [entityPut(access, entityOf(id, names, { [source]: here }), IF_MISSING)]
  }
  const all = [...new Set([...standing.names, ...names])]
  const known = standing.metadata[source]
  const metadata = {
    ...standing.metadata,
    [source]: { ...(isObject(known) ? known : {}), ...here },
  }
  const isNew = all.length > standing.names.length || changes(standing.metadata, metadata)
  return isNew ? [entityPut(access, entityOf(id, all, metadata), { ifMissing: false })] : []
}

const entityOf = (
  id: string,
  names: readonly (string | undefined)[],
  metadata: Record<string, unknown>,
): ElizaEntity => ({ id, names: names.filter((name) => name !== undefined), metadata })

const changes = (before: object, after: object): boolean =>
  JSON.stringify(before) !== JSON.stringify(after)
