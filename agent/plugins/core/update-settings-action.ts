import type { JsonObject } from '../../../schema/json.ts'
import type { Action, ActionContext, ActionResult } from '../../action.ts'
import type { TurnContext } from '../../context.ts'
import { parametersFor, textOf } from './asked-parameters.ts'
import { isShared } from './room-kind.ts'
import { list } from './sections.ts'
import { done, refused } from './told.ts'
import { isObject, mayManage, readWorld, worldOf } from './world-of.ts'
import {
  changed,
  isSet,
  lineOf,
  MASK,
  missing,
  settingsOf,
  type WorldSetting,
} from './world-settings.ts'

/**
 * Changes the settings that plugins have put into the room's world. For its owners and admins; a secret value
 * is never said, neither to people nor in the trace of the result.
 */
export const updateSettingsAction: Action = {
  name: 'UPDATE_SETTINGS',
  similes: ['UPDATE_SETTING', 'SAVE_SETTING', 'SET_CONFIGURATION', 'CONFIGURE'],
  description: 'Changes settings of this world as listed, when an owner or admin gives a value.',
  parameters: [
    {
      name: 'updates',
      description:
        'JSON object with the new values by the keys of the settings, such as {"KEY": "value"}',
      required: true,
      schema: { type: 'object' },
    },
  ],
  effect: 'none',
  validate: isPossible,
  handler: update,
}

async function isPossible(context: TurnContext): Promise<boolean> {
  if (!isShared(context.room)) return false
  const world = await worldOf(context)
  return settingsOf(world).length > 0 && mayManage(world, context.message.entityId)
}

async function update(context: ActionContext): Promise<ActionResult> {
  const refuse = (reason: string) => refused(context, 'UPDATE_SETTINGS', reason)
  const world = await readWorld(context)
  if (!world || !mayManage(world, context.message.entityId)) {
    return refuse('Only owners and admins may change settings.')
  }
  const settings = settingsOf(world)
  const updates = updatesIn(
    await parametersFor(context, {
      ...{ action: updateSettingsAction, template: 'updateSettingsTemplate' },
      choices: list(settings.map(lineOf)),
    }),
  )
  if (Object.keys(updates).length === 0) return refuse('I do not know what to change, or to what.')
  const result = changed(settings, updates)
  if (result.kind === 'refused') return refuse(result.reason)
  for (const { key, value } of result.settings) {
    context.write({ kind: 'world.set', id: world.id, path: ['settings', key, 'value'], value })
  }
  const text = `${list(result.settings.map(saidOf))}\n${whatIsLeft(settings, result.settings)}`
  const keys = result.settings.map(({ key }) => key)
  return done(context, { action: 'UPDATE_SETTINGS', text, data: { worldId: world.id, keys } })
}

/** The object, or what a model wrote in its place: a key and a value of their own. */
function updatesIn({ updates, key, value, ...others }: JsonObject): JsonObject {
  if (isObject(updates)) return updates
  const name = textOf(key)
  if (name !== '' && value !== undefined) return { [name]: value }
  return updates === undefined ? others : {}
}

const saidOf = (setting: WorldSetting): string =>
  `${setting.name}: ${setting.isSecret && isSet(setting) ? MASK : String(setting.value)}`

function whatIsLeft(before: readonly WorldSetting[], after: readonly WorldSetting[]): string {
  const now = before.map((one) => after.find(({ key }) => key === one.key) ?? one)
  const left = missing(now).map(({ name }) => name)
  return left.length > 0 ? `Still to be set: ${left.join(', ')}.` : 'All that is required is set.'
}
