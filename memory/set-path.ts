import type { Json, JsonObject } from '../schema/json.ts'

/**
 * A copy with one value set, or removed when it is undefined. What stands on the way and is no object
 * gives way to one; nothing is made for a removal.
 */
export function setPath(
  object: JsonObject,
  [key, ...rest]: readonly string[],
  value: Json | undefined,
): JsonObject {
  if (key === undefined) return object
  const standing = Object.hasOwn(object, key) ? object[key] : undefined
  if (rest.length > 0) {
    if (value === undefined && !isObject(standing)) return object
    return { ...object, [key]: setPath(isObject(standing) ? standing : {}, rest, value) }
  }
  if (value !== undefined) return { ...object, [key]: value }
  return Object.fromEntries(Object.entries(object).filter(([name]) => name !== key))
}

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
