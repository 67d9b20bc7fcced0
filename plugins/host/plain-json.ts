import type { Json, JsonObject } from '../../schema/json.ts'

export interface PlainJson<T extends Json = Json> {
  readonly json: T
  /** Where something stood that is no JSON, at most ten places: `data.client`. */
  readonly dropped: readonly string[]
}

const MAX_DEPTH = 30
const MAX_DROPPED = 10

/**
 * A copy of what a plugin gave, as far as it is JSON: dates become texts, whole numbers beyond JSON's as
 * well; functions, bytes, maps, cycles and what throws when it is read are left out, and named.
 */
export function plainObject(given: unknown): PlainJson<JsonObject> {
  const { json, dropped } = plainJson(given)
  return { json: isJsonObject(json) ? json : {}, dropped }
}

export function plainJson(given: unknown): PlainJson {
  const dropped: string[] = []
  const drop = (path: readonly string[]) => {
    if (dropped.length < MAX_DROPPED) dropped.push(path.join('.').slice(0, 100) || 'all of it')
    return undefined
  }
  const json = copied(given, { path: [], above: [], drop })
  return { json: json ?? null, dropped }
}

interface Place {
  readonly path: readonly string[]
  /** Objects that contain this one: meeting one of them again is a cycle. */
  readonly above: readonly object[]
  readonly drop: (path: readonly string[]) => undefined
}

function copied(value: unknown, place: Place): Json | undefined {
  if (value === undefined) return undefined
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number') return Number.isFinite(value) ? value : place.drop(place.path)
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'object') return place.drop(place.path)
  if (place.above.includes(value) || place.path.length > MAX_DEPTH) return place.drop(place.path)
  try {
    return copiedObject(value, place)
  } catch {
    return place.drop(place.path) // a revoked proxy
  }
}

function copiedObject(value: object, place: Place): Json | undefined {
  if (value instanceof Date) return value.toJSON() ?? place.drop(place.path)
  if (value instanceof Error) return value.message
  if (isOpaque(value)) return place.drop(place.path)
  const above = [...place.above, value]
  const inner = (key: string, given: unknown) =>
    copied(given, { ...place, above, path: [...place.path, key] })
  if (Array.isArray(value)) {
    const items = value.map((given: unknown, index) => inner(String(index), given))
    return items.filter((item) => item !== undefined)
  }
  const entries = Object.keys(value).flatMap((key) => {
    const json = inner(key, readOf(value, key))
    return json === undefined ? [] : [[key, json] as const]
  })
  return Object.fromEntries(entries)
}

/** A symbol, which is no JSON, where reading throws. */
function readOf(value: object, key: string): unknown {
  try {
    return Reflect.get(value, key)
  } catch {
    return Symbol('unreadable')
  }
}

const isOpaque = (value: object): boolean =>
  ArrayBuffer.isView(value) ||
  value instanceof ArrayBuffer ||
  value instanceof Map ||
  value instanceof Set ||
  value instanceof Promise

export const isJsonObject = (value: unknown): value is JsonObject => isObject(value)

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  value !== null && typeof value === 'object' && !Array.isArray(value)
