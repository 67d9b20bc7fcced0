import type { RecordWrite } from '../../agent/records.ts'
import { currentScope } from '../scope.ts'
import type { Access } from './access.ts'

type News = readonly { readonly name: JoinName; readonly payload: Record<string, unknown> }[]
type JoinName = 'WORLD_JOINED' | 'ROOM_JOINED' | 'ENTITY_JOINED'

const NAMES: readonly JoinName[] = ['WORLD_JOINED', 'ROOM_JOINED', 'ENTITY_JOINED']

export interface Joining {
  /** The platform, as events name it. */
  readonly source?: string
  /** Of the person, as plugins know it. */
  readonly metadata?: Readonly<Record<string, unknown>>
}

/**
 * Writes, and tells of worlds, rooms and participants that were not there before. Not to whoever handles the
 * same event: they make known what they have just been told of.
 */
export async function writeJoining(
  access: Access,
  joining: Joining,
  ...writes: readonly RecordWrite[]
): Promise<void> {
  const { runtime } = access
  const heard = NAMES.filter((name) => (runtime.events[name] ?? []).length > 0 && !isTold(name))
  // A plugin may be allowed to write what it may not read: then nobody knows whether it is new.
  const news = heard.length > 0 ? await newsIn(access, joining, writes).catch(() => []) : []
  await access.write(...writes)
  for (const { name, payload } of news) {
    if (heard.includes(name)) await runtime.emitEvent(name, { ...payload, ...given(joining) })
  }
}

const given = ({ source }: Joining) => (source === undefined ? {} : { source })

/** Whether a handler of the event is at work here. */
export const isTold = (event: string): boolean =>
  currentScope()?.member.startsWith(`event ${event} #`) === true

async function newsIn(
  access: Access,
  { metadata }: Joining,
  writes: readonly RecordWrite[],
): Promise<News> {
  const records = access.records()
  const rooms = writes.flatMap((one) => (one.kind === 'room.put' ? [one.room] : []))
  const entities = writes.flatMap((one) => (one.kind === 'entity.put' ? [one.entity] : []))
  const one = async (write: RecordWrite): Promise<News> => {
    if (write.kind === 'world.put') {
      const { world } = write
      if ((await records.worlds([world.id])).length > 0) return []
      const own = rooms.filter(({ worldId }) => worldId === world.id)
      return [{ name: 'WORLD_JOINED', payload: { world, rooms: own, entities } }]
    }
    if (write.kind === 'room.put') {
      const { id: roomId, worldId, type } = write.room
      if ((await records.rooms([roomId])).length > 0) return []
      const place = { entityId: access.agentId, roomId, worldId }
      return [{ name: 'ROOM_JOINED', payload: { ...place, metadata: { type } } }]
    }
    if (write.kind !== 'participant.add' || write.entityId === access.agentId) return []
    const { roomId, entityId } = write
    if ((await records.participants(roomId)).includes(entityId)) return []
    const room = rooms.find(({ id }) => id === roomId) ?? (await records.rooms([roomId]))[0]
    const place = { entityId, roomId, worldId: room?.worldId }
    const payload = { ...place, metadata: { type: room?.type, ...metadata } }
    return [{ name: 'ENTITY_JOINED', payload: { source: room?.source, ...payload } }]
  }
  return (await Promise.all(writes.map(one))).flat()
}
