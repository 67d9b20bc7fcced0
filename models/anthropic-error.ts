import { APIConnectionError, APIError } from '@anthropic-ai/sdk'
import type { ModelError } from '../agent/errors.ts'
import { type VendorCall, type VendorFailure, vendorError } from './vendor-error.ts'
import { FailedRequestError } from './vendor-fetch.ts'
import type { Refusal } from './vendor-refusal.ts'

/** Any failure of Anthropic's client, as the error that says whether another attempt could succeed. */
export const anthropicError = (error: unknown, call: VendorCall): ModelError =>
  vendorError(failureOf(error), call)

function failureOf(error: unknown): VendorFailure {
  // The client wraps what its `fetch` throws.
  const cause = error instanceof APIConnectionError ? error.cause : error
  if (cause instanceof FailedRequestError) return withStatus(cause.failure)
  if (error instanceof APIConnectionError) return { kind: 'unreachable', cause: error }
  // An event of the stream.
  if (error instanceof APIError) return { kind: 'refusal', ...refusalOf(error.error) }
  // Errors of JSON quote what could not be read.
  const isSafe = error instanceof Error && error.name === 'TypeError'
  return { kind: 'broken-off', ...(isSafe && { cause: error }) }
}

/** What stands before the API sends 413, too, with a body of its own. */
const withStatus = (failure: VendorFailure): VendorFailure =>
  failure.kind === 'refusal' && failure.status === 413
    ? { ...failure, code: 'request_too_large' }
    : failure

/** What the body of an error says. */
export function anthropicRefusal(body: string): Refusal {
  try {
    return refusalOf(JSON.parse(body))
  } catch {
    return { message: body }
  }
}

/** `{"type": "error", "error": {"type": …, "message": …, "details": {"error_code": …}}}` */
function refusalOf(body: unknown): Refusal {
  const { type, message, details } = fieldsOf(fieldsOf(body).error)
  const text = typeof message === 'string' ? message : ''
  const code = fieldsOf(details).error_code
  return { message: text, type, code: isSpent(text, code) ? 'insufficient_quota' : code }
}

/**
 * Limits on spending come as 400 or 429 and look like any other of these, but waiting for seconds does
 * not lift them.
 */
const isSpent = (message: string, code: unknown): boolean =>
  (typeof code === 'string' && code.endsWith('spend_limit_reached')) ||
  /reached your specified (?:workspace )?API usage limits/i.test(message)

const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? { ...value } : {}
