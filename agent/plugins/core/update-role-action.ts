import type { Action, ActionContext, ActionResult } from '../../action.ts'
import type { TurnContext } from '../../context.ts'
import type { Entity } from '../../memory.ts'
import type { World } from '../../records.ts'
import { parametersFor, textOf } from './asked-parameters.ts'
import { findPerson, shown, whyNobody } from './people.ts'
import { isShared } from './room-kind.ts'
import { done, refused } from './told.ts'
import { mayManage, ownerOf, ROLES, type Role, readWorld, roleIn, worldOf } from './world-of.ts'

/**
 * Changes roles of the room's world. Owners give and take any role; admins make admins, but no owners, and take
 * nothing from an owner. Offered to them only, and looked at again when it runs.
 */
export const updateRoleAction: Action = {
  name: 'UPDATE_ROLE',
  similes: ['CHANGE_ROLE', 'SET_PERMISSIONS', 'ASSIGN_ROLE', 'MAKE_ADMIN'],
  description:
    'Gives people of this room a role: OWNER, ADMIN or NONE. When an owner or admin asks.',
  parameters: [
    { name: 'person', description: 'name or id; several separated by commas', required: true },
    { name: 'role', description: 'OWNER, ADMIN or NONE', required: true },
  ],
  effect: 'none',
  validate: isPossible,
  handler: update,
}

async function isPossible(context: TurnContext): Promise<boolean> {
  if (!isShared(context.room)) return false
  return mayManage(await worldOf(context), context.message.entityId)
}

async function update(context: ActionContext): Promise<ActionResult> {
  const template = 'updateRoleTemplate'
  const given = await parametersFor(context, { action: updateRoleAction, template })
  const refuse = (reason: string) => refused(context, 'UPDATE_ROLE', reason)
  const role = ROLES.find((one) => one === textOf(given.role).toUpperCase())
  if (!role) return refuse('I do not know which role to give: OWNER, ADMIN or NONE.')
  const people = await peopleIn(context, textOf(given.person))
  if (typeof people === 'string') return refuse(people)
  const world = await readWorld(context)
  const wrong = people.map((person) => whyNot(context, { world, person, role })).find(Boolean)
  if (!world || wrong) return refuse(wrong ?? 'This room belongs to no world that has roles.')
  for (const { id } of people) {
    context.write({ kind: 'world.set', id: world.id, path: ['roles', id], value: role })
  }
  const names = people.map(({ names }) => shown(names[0] ?? '')).join(', ')
  const text = role === 'NONE' ? `${names}: no role any more.` : `${names}: ${role} from now on.`
  const roles = Object.fromEntries(people.map(({ id }) => [id, role]))
  return done(context, { action: 'UPDATE_ROLE', text, data: { worldId: world.id, roles } })
}

/** All of them, or why one was not found. */
async function peopleIn(context: ActionContext, written: string): Promise<Entity[] | string> {
  const names = written.split(',').filter((name) => name.trim() !== '')
  if (names.length === 0) return 'I do not know whose role to change.'
  const entities = await context.memories.entities()
  const found = names.map((name) => ({ name, found: findPerson(name, entities, context) }))
  const missing = found.find(({ found: { kind } }) => kind !== 'found')
  if (missing) return whyNobody(missing.name, missing.found)
  return found.flatMap(({ found: one }) => (one.kind === 'found' ? [one.person] : []))
}

interface Assignment {
  readonly world: World | undefined
  readonly person: Entity
  readonly role: Role
}

/** Undefined when the author of the message may do it. */
function whyNot({ message }: ActionContext, { world, person, role }: Assignment) {
  const by = roleIn(world, message.entityId)
  const name = shown(person.names[0] ?? 'this person')
  if (by === 'NONE') return 'Only owners and admins may change roles.'
  if (ownerOf(world) === person.id && role !== 'OWNER') {
    return `This world belongs to ${name}: that is no role I could take.`
  }
  if (by === 'OWNER') return undefined
  if (role === 'OWNER') return 'Only owners may make somebody an owner.'
  return roleIn(world, person.id) === 'OWNER'
    ? `${name} is an owner: only owners may change that.`
    : undefined
}
