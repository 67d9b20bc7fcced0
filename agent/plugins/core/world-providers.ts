import type { Provider } from '../../provider.ts'
import { readEntityNames } from './entity-names.ts'
import { isShared } from './room-kind.ts'
import { list, section } from './sections.ts'
import { mayManage, ROLES, roleIn, worldOf } from './world-of.ts'
import { lineOf, missing, settingsOf } from './world-settings.ts'

// Only rooms of several people have a world with owners, roles and settings: a direct conversation asks for nothing.

const NOTHING = { text: '' }

export const rolesProvider: Provider = {
  name: 'ROLES',
  description: 'Owners and admins of the room.',
  builtIn: true,
  async get(context) {
    if (!isShared(context.room)) return NOTHING
    const [world, { entities, nameOf }] = await Promise.all([
      worldOf(context),
      readEntityNames(context),
    ])
    const lines = ROLES.filter((role) => role !== 'NONE').flatMap((role) => {
      const holders = entities.filter(({ id }) => roleIn(world, id) === role)
      return holders.length > 0
        ? [`${role}: ${holders.map(({ id }) => nameOf(id)).join(', ')}`]
        : []
    })
    const roles = list(lines)
    return { text: section('Roles in the room', roles), values: { roles } }
  },
}

/** Owners and admins see all of them, others the public ones; a secret shows only whether it is set. */
export const settingsProvider: Provider = {
  name: 'SETTINGS',
  description: 'Settings of the world that the room belongs to.',
  builtIn: true,
  async get(context) {
    if (!isShared(context.room)) return NOTHING
    const world = await worldOf(context)
    const all = settingsOf(world)
    if (all.length === 0) return NOTHING
    const manages = mayManage(world, context.message.entityId)
    const seen = manages ? all : all.filter(({ isPublic, isSecret }) => isPublic && !isSecret)
    const left = manages ? missing(all).map(({ name }) => name) : []
    const note =
      left.length > 0 ? `\nStill to be set by the author of the message: ${left.join(', ')}` : ''
    const settings = list(seen.map(lineOf))
    const text = section('Settings of this world', `${settings}${note}`.trim())
    return { text, values: { settings } }
  },
}

const MAX_ROOMS = 30

export const worldProvider: Provider = {
  name: 'WORLD',
  description: 'The world of the room: its name, its rooms and who is here.',
  dynamic: true,
  builtIn: true,
  async get(context) {
    const { records, room } = context
    const [world, rooms, { entities, nameOf }] = await Promise.all([
      worldOf(context),
      records.roomsOfWorld(room.worldId),
      readEntityNames(context),
    ])
    const listed = rooms.filter((one) => isShared(one) || one.id === room.id).slice(0, MAX_ROOMS)
    const lines = [
      `name: ${world?.name ?? 'unnamed'}`,
      `this room: ${room.name ?? room.channelId} (${room.type})`,
      `rooms: ${listed.map(({ name, channelId }) => name ?? channelId).join(', ')}`,
      `people in this room: ${entities.map(({ id }) => nameOf(id)).join(', ')}`,
    ]
    const text = section('World', list(lines.map((line) => line.replace(/\s+/g, ' '))))
    return { text, values: { worldName: world?.name ?? '' }, data: { world: { id: room.worldId } } }
  },
}
