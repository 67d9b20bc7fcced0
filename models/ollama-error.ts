import { ModelError } from '../agent/errors.ts'
import { type VendorCall, type VendorFailure, vendorError } from './vendor-error.ts'
import { FailedRequestError } from './vendor-fetch.ts'
import type { Refusal } from './vendor-refusal.ts'

/** Any failure of a call of Ollama, as the error that says what to do. */
export function ollamaError(error: unknown, call: VendorCall): ModelError {
  if (error instanceof ModelError) return error
  if (error instanceof FailedRequestError) return failed(error.failure, call)
  // Other errors of the client quote what it could not read; those of the network do not.
  const isSafe = error instanceof Error && error.name === 'TypeError'
  return vendorError({ kind: 'broken-off', ...(isSafe && { cause: error }) }, call)
}

function failed(failure: VendorFailure, call: VendorCall): ModelError {
  const error = vendorError(failure, call)
  if (failure.kind === 'unreachable' && error.retryable) return notRunning(error, call)
  if (failure.kind !== 'refusal') return error
  if (/model .*not found/i.test(failure.message)) return notPulled(failure, call)
  return /does not support tools/i.test(failure.message) ? noTools(failure, call) : error
}

const notRunning = (
  { message, cause, code, retryable, isUnsent }: ModelError,
  { endpoint }: VendorCall,
) =>
  new ModelError(
    `${message} Start Ollama with 'ollama serve', or set ${endpoint.names.baseUrl} to where it runs.`,
    { code, retryable, cause, ...(isUnsent && { isUnsent }) },
  )

const notPulled = ({ status }: Refusal, { endpoint, model, purpose }: VendorCall) =>
  new ModelError(
    `Ollama at '${endpoint.host}' does not have the model '${model}'. Fetch it with ` +
      `'ollama pull ${model}', or set ${endpoint.names.model(purpose)} to one that 'ollama list' shows.`,
    { code: 'model_rejected', retryable: false, status },
  )

const noTools = ({ status }: Refusal, { endpoint, model, purpose }: VendorCall) =>
  new ModelError(
    `Ollama at '${endpoint.host}' says that the model '${model}' cannot call tools. Set ` +
      `TURNKEEPER_DECISION=xml, or ${endpoint.names.model(purpose)} to one that can.`,
    { code: 'model_rejected', retryable: false, status },
  )

/**
 * What `{"error": …}` says: the body of an error, or a line of a stream. Some errors are those of the
 * program behind Ollama, as JSON within the text.
 */
export function ollamaRefusal(body: string): Refusal {
  const { error, status_code: status } = recordIn(body)
  if (typeof error !== 'string') return { message: body }
  const { error: inner } = recordIn(error)
  const message = isRecord(inner) && typeof inner.message === 'string' ? inner.message : error
  const isTooLong = /exceeds? the (?:available )?context/i.test(message)
  return {
    message,
    ...(isTooLong && { code: 'context_length_exceeded' }),
    ...(typeof status === 'number' && { status }),
  }
}

function recordIn(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    return isRecord(value) ? value : {}
  } catch {
    return {}
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null
