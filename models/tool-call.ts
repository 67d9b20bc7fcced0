import type { ToolCall } from '../agent/models.ts'
import type { JsonObject } from '../schema/json.ts'
import { storableJson, storableText } from '../schema/text.ts'

/** A call as a model wrote it, in characters that Postgres can store. */
export const toolCall = (name: string, given: unknown): ToolCall => ({
  name: storableText(name),
  arguments: isObject(given) ? storable(given) : undefined,
})

/** What calls take up, in UTF-16 units. */
export const lengthOf = (calls: readonly ToolCall[]): number =>
  calls.reduce((sum, call) => sum + JSON.stringify(call).length, 0)

/** No text at all means no arguments: some models write nothing for a tool without parameters. */
export const writtenToolCall = (name: string, json: string): ToolCall =>
  toolCall(name, json.trim() === '' ? {} : parsed(json))

function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

/** Undefined when it is nested too deeply: nobody could write it down again, either. */
function storable(given: JsonObject): JsonObject | undefined {
  try {
    return storableJson(given)
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

// What a vendor's client or JSON.parse returns is JSON.
const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
