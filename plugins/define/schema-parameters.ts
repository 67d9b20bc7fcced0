import { z } from 'zod'
import type { JsonObject } from '../../schema/json.ts'
import { isMembered, type StandardSchema } from './standard-schema.ts'

/** A parameter of an action as ElizaOS 2.x lists it, and as models are told of it. */
export interface ListedParameter {
  readonly name: string
  readonly description: string
  readonly required: boolean
  /** JSON Schema. */
  readonly schema: JsonObject
}

const STRING: JsonObject = { type: 'string' }

/** The fields of an object schema. Those of a library that tells no JSON Schema count as strings. */
export function listParameters(schema: StandardSchema): readonly ListedParameter[] {
  const json = jsonSchemaOf(schema)
  if (!json) return namedFields(schema)
  const required = Array.isArray(json.required) ? json.required : []
  return Object.entries(isJsonObject(json.properties) ? json.properties : {}).map(
    ([name, field]) => {
      const own = isJsonObject(field) ? field : STRING
      const description = typeof own.description === 'string' ? own.description : ''
      return { name, description, required: required.includes(name), schema: own }
    },
  )
}

/** Undefined when its library has no way to tell. */
function jsonSchemaOf(schema: StandardSchema): JsonObject | undefined {
  for (const ask of [standardJson, zodJson, ownJson]) {
    try {
      const told = ask(schema)
      // Through JSON: what a model is told has to survive it.
      const json: unknown = told === undefined ? undefined : JSON.parse(JSON.stringify(told))
      if (isJsonObject(json)) return json
    } catch {
      // A field that JSON Schema has no word for: the next way may have one.
    }
  }
  return undefined
}

/** Standard JSON Schema: zod from 4.2 on, arktype, and others. */
function standardJson(schema: StandardSchema): unknown {
  const standard: unknown = schema['~standard']
  const maker = isMembered(standard) ? standard.jsonSchema : undefined
  if (!isMembered(maker) || typeof maker.input !== 'function') return undefined
  return maker.input({ target: 'draft-2020-12' })
}

/** Any copy of zod 4: its `toJSONSchema` reads definitions, not classes. */
function zodJson(schema: StandardSchema): unknown {
  if (schema['~standard'].vendor !== 'zod' || !('_zod' in schema)) return undefined
  const own = schema as unknown as z.ZodType // just recognised by its mark, whatever copy it is of
  return z.toJSONSchema(own, { io: 'input', unrepresentable: 'any' })
}

function ownJson(schema: StandardSchema): unknown {
  if (!isMembered(schema)) return undefined
  for (const name of ['toJsonSchema', 'toJSONSchema']) {
    const member = schema[name]
    if (typeof member === 'function') return member.call(schema)
  }
  return undefined
}

/** zod 3 keeps fields in `shape`, valibot in `entries`. */
function namedFields(schema: StandardSchema): readonly ListedParameter[] {
  const members: unknown = schema
  if (!isMembered(members)) return []
  const fields = [members.shape, members.entries].find(isMembered) ?? {}
  return Object.entries(fields).map(([name, field]) => {
    const description =
      isMembered(field) && typeof field.description === 'string' ? field.description : ''
    return { name, description, required: !isOptional(field), schema: STRING }
  })
}

function isOptional(field: unknown): boolean {
  if (!isMembered(field)) return false
  if (typeof field.isOptional === 'function') return field.isOptional() === true
  return field.type === 'optional' || field.type === 'nullish'
}

const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
