import { ModelError } from '../agent/errors.ts'

/**
 * A request of a call that sends several: once another one was sent, something may have been billed,
 * even if this one reaches nobody.
 */
export async function amongSent<T>(hasSent: boolean, request: Promise<T>): Promise<T> {
  try {
    return await request
  } catch (error) {
    throw hasSent && error instanceof ModelError ? asSent(error) : error
  }
}

/** The error without the promise that nothing was billed. */
export function asSent(error: ModelError): ModelError {
  if (!error.isUnsent) return error
  const { message, code, retryable, retryAfterMs, status, cause } = error
  return new ModelError(message, { code, retryable, retryAfterMs, status, cause })
}
