import type { Json, JsonObject } from '../schema/json.ts'

/** What is asked for in words: it works with every schema, and with none. */
export function jsonInstruction(schema: JsonObject | undefined): string {
  const rule = 'Answer with one JSON value and nothing else: no explanation, no code fence.'
  return schema ? `${rule} It follows this JSON Schema:\n${JSON.stringify(schema)}` : rule
}

/** The vendor refuses schemas with more. */
const MOST_OPTIONAL = 24
const SCALARS = /^(?:string|number|integer|boolean|null)$/
const WORDS = ['title', 'description']

/**
 * The schema as the vendor's decoder takes it, which then writes nothing else: objects are closed.
 * Undefined when the decoder would refuse it, or forbid what it allows: an open object, a pattern.
 */
export function decodedSchema(schema: JsonObject): JsonObject | undefined {
  const count = { optional: 0 }
  const closed = schema.type === 'object' ? closedSchema(schema, count) : undefined
  return count.optional > MOST_OPTIONAL ? undefined : closed
}

function closedSchema(
  schema: Json | undefined,
  count: { optional: number },
): JsonObject | undefined {
  if (!isObject(schema)) return undefined
  const { type } = schema
  if (type === 'object') return closedObject(schema, count)
  if (type === 'array') {
    const items = closedSchema(schema.items, count)
    return items && hasOnly(schema, ['type', 'items']) ? { ...schema, items } : undefined
  }
  const isScalar = typeof type === 'string' && SCALARS.test(type)
  return isScalar && hasOnly(schema, ['type', 'enum']) ? schema : undefined
}

function closedObject(schema: JsonObject, count: { optional: number }): JsonObject | undefined {
  const { properties, required = [], additionalProperties = false } = schema
  const names = ['type', 'properties', 'required', 'additionalProperties', '$schema']
  if (!isObject(properties) || !Array.isArray(required) || !hasOnly(schema, names)) return undefined
  const { $schema: _, ...rest } = schema
  const closed: JsonObject = {}
  for (const [name, property] of Object.entries(properties)) {
    closed[name] = closedSchema(property, count)
    if (closed[name] === undefined) return undefined
    if (!required.includes(name)) count.optional += 1
  }
  const isClosed = additionalProperties === false && Object.keys(closed).length > 0
  return isClosed ? { ...rest, properties: closed, additionalProperties } : undefined
}

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const hasOnly = (schema: JsonObject, names: readonly string[]): boolean =>
  Object.keys(schema).every((name) => names.includes(name) || WORDS.includes(name))
