import type { Json, JsonObject } from '../../../schema/json.ts'
import { comparable } from '../../prompts/names-in-answer.ts'
import type { World } from '../../records.ts'
import { isNo, isYes } from '../../settings-words.ts'
import { isObject, objectAt } from './world-of.ts'

/** One of ElizaOS's world settings, which a plugin asks an owner for (onboarding). */
export interface WorldSetting {
  readonly key: string
  readonly name: string
  readonly description: string
  readonly isRequired: boolean
  readonly isSecret: boolean
  /** Anybody may see it; a secret nobody. */
  readonly isPublic: boolean
  readonly value: Json
  /** Keys that must have a value before. */
  readonly dependsOn: readonly string[]
  /** Values that are allowed; empty: any. */
  readonly allowed: readonly string[]
}

export const MASK = '********'

/** What a plugin put under `metadata.settings`. What is no object there is none. */
export function settingsOf(world: World | undefined): readonly WorldSetting[] {
  return Object.entries(objectAt(world?.metadata, 'settings')).flatMap(([key, given]) =>
    isObject(given) ? [settingOf(key, given)] : [],
  )
}

const settingOf = (key: string, given: JsonObject): WorldSetting => ({
  key,
  name: typeof given.name === 'string' ? given.name : key,
  description: typeof given.description === 'string' ? given.description : '',
  isRequired: given.required === true,
  isSecret: given.secret === true,
  isPublic: given.public === true,
  value: given.value ?? null,
  dependsOn: textsIn(given.dependsOn),
  allowed: textsIn(given.validation),
})

export const isSet = ({ value }: WorldSetting): boolean => value !== null && value !== ''

/** Those that still have to be set, and can be: what they depend on is there. */
export const missing = (settings: readonly WorldSetting[]): readonly WorldSetting[] =>
  settings.filter((one) => one.isRequired && !isSet(one) && isReady(one, settings))

const isReady = ({ dependsOn }: WorldSetting, settings: readonly WorldSetting[]): boolean =>
  dependsOn.every((key) => settings.some((one) => one.key === key && isSet(one)))

/** A line for people and prompts. */
export function lineOf(setting: WorldSetting): string {
  const { key, name, description, isRequired, isSecret } = setting
  const value = isSecret ? MASK : JSON.stringify(setting.value)
  const state = isSet(setting) ? `is ${value}` : `not set${isRequired ? ', required' : ''}`
  return `${key} (${name}): ${description.replace(/\s+/g, ' ').trim()} [${state}]`
}

export type Changed =
  | { readonly kind: 'changed'; readonly settings: readonly WorldSetting[] }
  | { readonly kind: 'refused'; readonly reason: string }

/** New values by key or name, exactly. None of them is taken when one cannot be. */
export function changed(settings: readonly WorldSetting[], updates: JsonObject): Changed {
  let after = settings
  for (const [written, value = null] of Object.entries(updates)) {
    const known = find(after, written)
    const reason = known
      ? whyNot(known, value, after)
      : `There is no setting '${written.slice(0, 80)}'.`
    if (!known || reason) return { kind: 'refused', reason: reason ?? '' }
    const next = { ...known, value: valueFor(known, value) }
    after = after.map((one) => (one.key === known.key ? next : one))
  }
  return { kind: 'changed', settings: after.filter((one) => !settings.includes(one)) }
}

function find(settings: readonly WorldSetting[], written: string): WorldSetting | undefined {
  const wanted = comparable(written)
  const byKey = settings.find(({ key }) => comparable(key) === wanted)
  const byName = settings.filter(({ name }) => comparable(name) === wanted)
  return byKey ?? (byName.length === 1 ? byName[0] : undefined)
}

function whyNot(setting: WorldSetting, value: Json, all: readonly WorldSetting[]) {
  const { name, dependsOn, allowed } = setting
  if (value !== null && typeof value === 'object')
    return `The value of ${name} must be one word or text.`
  if (!isReady(setting, all)) return `${name} needs ${dependsOn.join(', ')} first.`
  const isAllowed = allowed.length === 0 || allowed.includes(String(value))
  return isAllowed ? undefined : `${name} must be one of ${allowed.join(', ')}.`
}

/** A switch stays one, whatever word it was given. */
function valueFor({ value }: WorldSetting, given: Json): Json {
  if (typeof value !== 'boolean') return given
  if (isYes(given)) return true
  return isNo(given) ? false : given
}

const textsIn = (value: Json | undefined): string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
