import { stringToUuid } from '../../../schema/ids.ts'
import type { Json, JsonObject } from '../../../schema/json.ts'
import type { Action, ActionContext, ActionResult } from '../../action.ts'
import type { Entity } from '../../memory.ts'
import { parametersFor, textOf } from './asked-parameters.ts'
import { findPerson, shown, whyNobody } from './people.ts'
import { done, refused } from './told.ts'
import { isObject, mayManage, readWorld } from './world-of.ts'

/** More is no contact but a document. */
const MAX_DATA = 10_000
const MAX_NAME = 80
const MAX_NAMES = 20

/**
 * What is known of a person: names, and data of a platform (ElizaOS's component) or of the person. Data is
 * merged key by key: what is not spoken of stays, and a text never takes the place of an object.
 */
export const updateContactAction: Action = {
  name: 'UPDATE_CONTACT',
  similes: ['UPDATE_ENTITY'],
  description:
    'Keeps contact details of a person, such as a name or an account on a platform, when they tell you or ask you to change them.',
  parameters: [
    { name: 'person', description: 'name or id; me for whoever wrote the message' },
    { name: 'name', description: 'the name that they want to be called by, if it changes' },
    {
      name: 'source',
      description: 'the platform of the details, such as telegram; empty for none',
    },
    { name: 'data', description: 'JSON object of the details, such as {"username": "sam"}' },
  ],
  effect: 'none',
  handler: update,
}

async function update(context: ActionContext): Promise<ActionResult> {
  const refuse = (reason: string) => refused(context, 'UPDATE_CONTACT', reason)
  const given = await contactIn(context)
  const written = textOf(given.person) || 'me'
  const found = findPerson(written, await context.memories.entities(), context)
  if (found.kind !== 'found') return refuse(whyNobody(written, found))
  const { person } = found
  if (!(await mayChange(context, person))) {
    return refuse(`Only ${shown(person.names[0] ?? 'they')}, owners and admins may change that.`)
  }
  const name = textOf(given.name).slice(0, MAX_NAME)
  const data = dataIn(given.data)
  if (data === 'unreadable') return refuse('I could not read the details.')
  if (name === '' && Object.keys(data).length === 0) return refuse('I do not know what to change.')
  const source = textOf(given.source).toLowerCase()
  const names = name === '' ? person.names : [...new Set([name, ...person.names])]
  const metadata = source === '' ? merged(person.metadata, data) : person.metadata
  context.write({
    kind: 'entity.put',
    entity: { id: person.id, names: names.slice(0, MAX_NAMES), metadata },
  })
  if (source !== '') await writeComponent(context, { person, source, data })
  const text = `I have noted that${source === '' ? '' : ` for ${source}`}.`
  const changed = { entityId: person.id, source, keys: Object.keys(data) }
  return done(context, { action: 'UPDATE_CONTACT', text, data: changed })
}

/** No parameter is required, but one that changes something must be there. */
async function contactIn(context: ActionContext): Promise<JsonObject> {
  const { name, data } = context.parameters
  const hasChange = textOf(name) !== '' || (data !== undefined && data !== null && data !== '')
  const parameters = updateContactAction.parameters?.map((one) => ({
    ...one,
    required: !hasChange,
  }))
  const action = { name: updateContactAction.name, parameters }
  return parametersFor(context, { action, template: 'updateContactTemplate' })
}

async function mayChange(context: ActionContext, { id }: Entity): Promise<boolean> {
  const { message } = context
  return id === message.entityId || mayManage(await readWorld(context), message.entityId)
}

/** Objects within are merged as well; what is one, such as a platform's account, is never made a text. */
function merged(before: JsonObject, data: JsonObject): JsonObject {
  const entries = Object.entries(data).flatMap(([key, value = null]): [string, Json][] => {
    const known = before[key]
    if (!isObject(known)) return [[key, value]]
    return isObject(value) ? [[key, { ...known, ...value }]] : []
  })
  return { ...before, ...Object.fromEntries(entries) }
}

/** An object, or lines `key: value`. */
function dataIn(given: Json | undefined): JsonObject | 'unreadable' {
  if (given === undefined || given === null || given === '') return {}
  const data = typeof given === 'string' ? (jsonIn(given) ?? linesIn(given)) : given
  if (!isObject(data) || Object.keys(data).length === 0) return 'unreadable'
  return JSON.stringify(data).length <= MAX_DATA ? data : 'unreadable'
}

function jsonIn(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}

function linesIn(text: string): JsonObject {
  const pairs = text
    .slice(0, MAX_DATA)
    .split(/[\n,;]/)
    .map((line) => /^\s*([\w .-]{1,60}?)\s*[:=]\s*(\S.*)$/.exec(line))
  return Object.fromEntries(pairs.flatMap((pair) => (pair ? [[pair[1] ?? '', pair[2] ?? '']] : [])))
}

interface Details {
  readonly person: Entity
  readonly source: string
  readonly data: JsonObject
}

async function writeComponent(context: ActionContext, { person, source, data }: Details) {
  const { agent, room, records } = context
  const { worldId } = room
  const place = { worldId, sourceEntityId: agent.id, type: source }
  const [known] = await records.components({ entityId: person.id, ...place })
  const id = known?.id ?? stringToUuid(`${agent.id}:${person.id}:${source}:${worldId}`)
  const component = { id, entityId: person.id, roomId: room.id, ...place }
  context.write({
    kind: 'component.put',
    component: { ...component, data: merged(known?.data ?? {}, data) },
  })
}
