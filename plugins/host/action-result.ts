import type { ActionResult } from '../../agent/action.ts'
import type { Json, JsonObject } from '../../schema/json.ts'
import { isObject, plainJson, plainObject } from './plain-json.ts'
import { type Redact, reasonOf } from './reason.ts'

/**
 * What a handler returned, by ElizaOS's rules: nothing and booleans are of the old contract; an object with
 * `success`, `values`, `data` or `text` is a result, successful unless it says otherwise; anything else is
 * kept as `data.legacyResult`.
 */
export function actionResultOf(given: unknown, redact: Redact): ActionResult {
  if (given === undefined || given === null) return { success: true }
  if (typeof given === 'boolean') return { success: given }
  if (!isObject(given) || !isResult(given)) {
    return { success: true, data: { legacyResult: plainJson(given).json } }
  }
  const { text, values, data, error } = given
  const failure = error === undefined || error === null ? undefined : errorText(error, redact)
  return {
    success: given.success === undefined ? true : given.success === true,
    ...(typeof text === 'string' && { text }),
    ...(isObject(values) && { values: defined(plainObject(values).json) }),
    ...dataOf(data),
    ...(failure !== undefined && { error: failure }),
  }
}

const isResult = (given: Readonly<Record<string, unknown>>): boolean =>
  typeof given.success === 'boolean' || ['values', 'data', 'text'].some((key) => key in given)

const errorText = (error: unknown, redact: Redact): string =>
  error instanceof Error || typeof error !== 'object'
    ? reasonOf(error, redact)
    : redact(JSON.stringify(plainJson(error).json)).slice(0, 500)

function dataOf(data: unknown): { data?: JsonObject } {
  if (data === undefined || data === null) return {}
  const { json } = plainJson(data)
  return { data: isObject(json) ? json : { legacyResult: json } }
}

function defined(json: JsonObject): Record<string, Json> {
  const entries = Object.entries(json).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, value] as const],
  )
  return Object.fromEntries(entries)
}
