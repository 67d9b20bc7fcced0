import { isNativeError } from 'node:util/types'
import type { JsonObject } from '../schema/json.ts'

/** Causes of causes, and errors of an aggregate, beyond which a log helps nobody. */
const MAX_DEPTH = 5
const MAX_ERRORS = 5

/** `instanceof` fails for errors of another realm, `isNativeError` for a DOMException. */
export const isError = (value: unknown): value is Error =>
  value instanceof Error || isNativeError(value)

/**
 * What a log shows of an error: the fields named here and no others. Vendors' and databases' errors
 * carry headers, bodies and rows, which are keys and what people wrote.
 */
export function describeError(error: Error, depth = 0): JsonObject {
  const { code, status, requestID } = error as Error & Record<string, unknown> // any error may have more
  return {
    // Many classes, the vendors' among them, never set their name.
    type: error.name === 'Error' ? error.constructor.name : error.name,
    message: error.message,
    stack: error.stack,
    code: textOrNumber(code),
    status: textOrNumber(status),
    requestId: textOrNumber(requestID),
    cause: describeCause(error.cause, depth),
    errors: describeAggregate(error, depth),
  }
}

function textOrNumber(value: unknown): string | number | undefined {
  return typeof value === 'string' || typeof value === 'number' ? value : undefined
}

function describeCause(cause: unknown, depth: number): JsonObject | string | undefined {
  if (depth >= MAX_DEPTH) return undefined
  if (isError(cause)) return describeError(cause, depth + 1)
  return typeof cause === 'string' ? cause : undefined
}

function describeAggregate(error: Error, depth: number): JsonObject[] | undefined {
  if (!('errors' in error) || !Array.isArray(error.errors) || depth >= MAX_DEPTH) return undefined
  const errors: unknown[] = error.errors
  return errors
    .filter(isError)
    .slice(0, MAX_ERRORS)
    .map((inner) => describeError(inner, depth + 1))
}

/** A copy in which every error, in whatever plain object or list, is described. */
export function describeErrors(value: unknown, depth = 0): unknown {
  if (isError(value)) return describeError(value)
  if (depth >= MAX_DEPTH) return value
  if (Array.isArray(value)) return value.map((inner) => describeErrors(inner, depth + 1))
  return isPlain(value) ? describeFields(value, depth) : value
}

export function describeFields(fields: object, depth = 0): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([key, inner]) => [key, describeErrors(inner, depth + 1)]),
  )
}

function isPlain(value: unknown): value is object {
  if (value === null || typeof value !== 'object' || 'toJSON' in value) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}
