import { z } from 'zod'
import type { GenerateParams, SamplingParams } from '../../agent/models.ts'
import type { JsonObject } from '../../schema/json.ts'
import { storableJson, storableText } from '../../schema/text.ts'

export type Members = Readonly<Record<string, unknown>>

/** Of what a plugin passed; nothing when it passed no object. */
export const membersOf = (value: unknown): Members =>
  typeof value === 'object' && value !== null ? (value as Members) : {} // any members

export const textIn = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined

const NUMBERS = [
  ...(['maxTokens', 'temperature', 'topP', 'topK', 'minP', 'seed'] as const),
  ...(['repetitionPenalty', 'frequencyPenalty', 'presencePenalty'] as const),
]

/** ElizaOS's GenerateTextParams. `minTokens` and `user` mean nothing to our vendors, and are left out. */
export function generateParams(params: unknown, system: string | undefined): GenerateParams {
  const given = membersOf(params)
  const own = textIn(given.system) ?? system
  const format = membersOf(given.responseFormat).type ?? given.responseFormat
  return {
    prompt: storableText(textIn(params) ?? textIn(given.prompt) ?? ''),
    ...(own !== undefined && { system: storableText(own) }),
    ...samplingIn(given),
    ...(typeof format === 'string' && format.startsWith('json') && { json: {} }),
  }
}

function samplingIn(given: Members): SamplingParams {
  const numbers = NUMBERS.flatMap((name) => {
    const value = given[name]
    return typeof value === 'number' && Number.isFinite(value) ? [[name, value] as const] : []
  })
  const stops = given.stopSequences
  const stopSequences = Array.isArray(stops) ? stops.filter((stop) => textIn(stop)) : []
  return {
    ...Object.fromEntries(numbers),
    ...(stopSequences.length > 0 && { stopSequences }),
  }
}

/** A JSON Schema, or what a schema of zod 4 is as one. Undefined: none, or of a kind that is not known. */
export function jsonSchemaIn(schema: unknown): JsonObject | undefined {
  if (typeof schema !== 'object' || schema === null) return undefined
  try {
    // Of whichever copy: it is told by what it is built of.
    const isZod = '_zod' in schema
    if (!isZod && ('~standard' in schema || '_def' in schema)) return undefined
    const found: unknown = isZod ? z.toJSONSchema(schema as z.ZodType) : schema
    return storableJson(JSON.parse(JSON.stringify(found)))
  } catch {
    return undefined // the model then sees the prompt alone
  }
}
