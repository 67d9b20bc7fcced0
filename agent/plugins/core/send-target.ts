import type { ActionContext } from '../../action.ts'
import type { Entity } from '../../memory.ts'
import type { RoomRecord } from '../../records.ts'
import { findPerson, sameness, shown, whyNobody } from './people.ts'
import { isShared } from './room-kind.ts'
import { mayManage } from './world-of.ts'

/** Where a message goes, or why it goes nowhere, in words for the person. */
export type FoundTarget =
  | { readonly kind: 'found'; readonly room: RoomRecord; readonly name: string }
  | { readonly kind: 'refused'; readonly reason: string }

/** Rooms of the author whose people are looked through for a name. */
const MAX_ROOMS_LOOKED_AT = 20

/**
 * The room or the person that a name or an id means, exactly: among the rooms that the agent is in, and the
 * people whom the author of the message shares a room with. The author may write to rooms that they are in
 * themselves, and as owner or admin to the other rooms of that world.
 */
export async function findTarget(
  context: ActionContext,
  { target, source }: { target: string; source: string },
): Promise<FoundTarget> {
  const rooms = await roomsOf(context, context.agent.id)
  const own = new Set(await context.records.roomIdsOf([context.message.entityId]))
  const named = rooms.filter((room) => isCalled(room, target) && isOn(room, source))
  if (named.length > 1) return refusal(`${named.length} rooms are called '${shown(target)}'.`)
  const [room] = named
  if (room) return roomFor(context, room, own)
  return directRoomFor(context, { target, source, rooms, own })
}

async function roomFor(
  context: ActionContext,
  room: RoomRecord,
  own: ReadonlySet<string>,
): Promise<FoundTarget> {
  const name = room.name ?? room.channelId
  const isDirect = !isShared(room)
  if (own.has(room.id)) return { kind: 'found', room, name }
  if (!isDirect && (await managesWorldOf(context, room))) return { kind: 'found', room, name }
  return refusal(`You are not in '${shown(name)}', so I do not write there for you.`)
}

interface Search {
  readonly target: string
  readonly source: string
  readonly rooms: readonly RoomRecord[]
  readonly own: ReadonlySet<string>
}

async function directRoomFor(context: ActionContext, search: Search): Promise<FoundTarget> {
  const { target, source, rooms } = search
  const found = await personIn(context, search)
  if (found.kind !== 'found') return refusal(whyNobody(target, found))
  const { person } = found
  const theirs = new Set(await context.records.roomIdsOf([person.id]))
  const direct = rooms.filter(
    (room) => !isShared(room) && theirs.has(room.id) && isOn(room, source),
  )
  const near = direct.filter((room) => room.source === context.room.source)
  const [room] = direct.length === 1 ? direct : near
  const name = person.names[0] ?? shown(target)
  if (direct.length > 1 && near.length !== 1) {
    return refusal(`I have ${direct.length} direct conversations with ${shown(name)}: say where.`)
  }
  if (!room) return refusal(`I have no direct conversation with ${shown(name)}.`)
  return { kind: 'found', room, name }
}

/** In this room first, then in the other rooms that the author is in as well. */
async function personIn(context: ActionContext, { target, rooms, own }: Search) {
  const here = findPerson(target, await context.memories.entities(), context)
  if (here.kind !== 'none') return here
  const shared = rooms
    .filter(({ id }) => own.has(id) && id !== context.room.id)
    .slice(0, MAX_ROOMS_LOOKED_AT)
  const people: Entity[] = []
  for (const { id } of shared) people.push(...(await context.records.entitiesOfRoom(id)))
  return findPerson(target, people, context)
}

async function roomsOf({ records }: ActionContext, entityId: string) {
  const ids = await records.roomIdsOf([entityId])
  return ids.length > 0 ? records.rooms(ids) : []
}

async function managesWorldOf({ records, message }: ActionContext, { worldId }: RoomRecord) {
  const [world] = await records.worlds([worldId])
  return mayManage(world, message.entityId)
}

const isCalled = ({ id, channelId, name }: RoomRecord, target: string): boolean =>
  [id, channelId, name ?? ''].map(sameness).includes(sameness(target))

/** A platform that was not named is any. */
const isOn = (room: RoomRecord, source: string): boolean =>
  source === '' || room.source.toLowerCase() === source.toLowerCase()

const refusal = (reason: string): FoundTarget => ({ kind: 'refused', reason })
