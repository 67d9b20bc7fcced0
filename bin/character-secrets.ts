import type { Character } from '../schema/character.ts'
import type { Json, JsonObject } from '../schema/json.ts'

/** What stands for a secret in an API answer. Sent back, it changes nothing. */
export const MASK = '********'

/** Settings whose value is a secret, wherever and in whatever case the character keeps them. */
const SECRET_NAME = /(key|token|secret|secrets|password|passphrase|mnemonic|salt)$/i

/** The parts of a character that are sealed before they are stored. */
interface Secrets extends JsonObject {
  secrets?: JsonObject
  settings?: JsonObject
}

/** Takes a character apart: what may be stored as it is, and what must be sealed (null: nothing). */
export function splitSecrets(character: Character): { open: Character; secrets: Secrets | null } {
  const { secrets, settings, ...rest } = character
  const entries = Object.entries(settings ?? {})
  const sealed = Object.fromEntries(entries.filter(holdsSecret))
  const kept = Object.fromEntries(entries.filter((entry) => !holdsSecret(entry)))
  const isEmpty = Object.keys(sealed).length === 0 && Object.keys(secrets ?? {}).length === 0
  return {
    open: settings === undefined ? rest : { ...rest, settings: kept as Character['settings'] },
    secrets: isEmpty ? null : { secrets: secrets ?? {}, settings: sealed },
  }
}

/** A setting with a secret anywhere inside is sealed as a whole. */
function holdsSecret([name, value]: [string, Json | undefined]): boolean {
  if (value !== null && typeof value === 'object') {
    return /^secrets$/i.test(name) || Object.entries(value).some(holdsSecret)
  }
  return typeof value === 'string' && SECRET_NAME.test(name)
}

export function joinSecrets(open: Character, sealed: JsonObject | null): Character {
  if (!sealed) return open
  const { secrets, settings } = sealed as Secrets // sealed by `splitSecrets`
  const hasSettings = Object.keys(settings ?? {}).length > 0
  return {
    ...open,
    ...(hasSettings
      ? { settings: { ...open.settings, ...settings } as Character['settings'] }
      : {}),
    ...(Object.keys(secrets ?? {}).length > 0 ? { secrets: secrets as Character['secrets'] } : {}),
  }
}

/** The character as it may be shown: every secret by its name only. */
export function maskSecrets(character: Character): Character {
  const { open, secrets } = splitSecrets(character)
  return joinSecrets(open, secrets && (masked(secrets) as JsonObject))
}

function masked(value: Json | undefined): Json {
  if (Array.isArray(value)) return value.map(masked)
  if (value === null || typeof value !== 'object') return MASK
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, masked(inner)]))
}

/** Every text among secrets, however deep. */
export function secretValues(value: Json | undefined): string[] {
  if (typeof value === 'string') return [value]
  if (value === null || typeof value !== 'object') return []
  return Object.values(value).flatMap(secretValues)
}

/** A shallow merge in which masked values keep what stands there, and `null` removes a key. */
export function patchCharacter(current: Character, patch: JsonObject): JsonObject {
  const merged: JsonObject = { ...(current as unknown as JsonObject) }
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key]
    else merged[key] = unmasked(value, merged[key])
  }
  return merged
}

function unmasked(value: Json | undefined, current: Json | undefined): Json | undefined {
  if (value === MASK) return current
  if (Array.isArray(value)) {
    const before = Array.isArray(current) ? current : []
    return value.map((inner, index) => unmasked(inner, before[index]) ?? null)
  }
  if (value === null || typeof value !== 'object') return value
  const before =
    current !== null && typeof current === 'object' && !Array.isArray(current) ? current : {}
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, unmasked(inner, before[name])]),
  )
}
