import type { Json, JsonObject } from '../../schema/json.ts'
import type { ParsedAnswer } from './parsed-answer.ts'

/** More than any sensible call needs; it is journaled, shown to whoever approves it, and stored there. */
const MAX_LENGTH = 20_000
const MAX_DEPTH = 20

type Found = Pick<ParsedAnswer, 'parameters' | 'parametersFault'>

/**
 * The parameters of an answer: JSON text, in a code fence or not, or an object. Nothing when there are
 * none; what cannot be used counts as none, with the reason.
 */
export function parametersIn(written: unknown): Found {
  if (written === undefined || written === null || written === '') return {}
  if (typeof written !== 'string') return checked(written, JSON.stringify(written).length)
  if (written.length > MAX_LENGTH) return tooLong(written.length)
  try {
    return checked(JSON.parse(withoutFence(written)), written.length)
  } catch {
    return { parametersFault: 'The parameters are no JSON.' }
  }
}

function checked(value: unknown, length: number): Found {
  if (length > MAX_LENGTH) return tooLong(length)
  if (!isObject(value)) return { parametersFault: 'The parameters are no JSON object.' }
  if (isDeeper(value, MAX_DEPTH)) {
    return { parametersFault: `The parameters are nested more than ${MAX_DEPTH} deep.` }
  }
  return { parameters: value }
}

const tooLong = (length: number): Found => ({
  parametersFault: `The parameters have ${length} characters, ${MAX_LENGTH} are the limit.`,
})

const withoutFence = (text: string): string =>
  text.replace(/^\s*```[a-z]{0,10}\s*\n/i, '').replace(/\n\s*```\s*$/, '')

/** Parsed from JSON, so its members are JSON. */
const isObject = (value: unknown): value is JsonObject =>
  value !== null && typeof value === 'object' && !Array.isArray(value)

function isDeeper(value: Json | undefined, depth: number): boolean {
  if (value === null || typeof value !== 'object') return false
  return depth === 0 || Object.values(value).some((inner) => isDeeper(inner, depth - 1))
}
