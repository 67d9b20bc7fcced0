import { ModelError } from '../agent/errors.ts'
import { RefusedError } from './errors.ts'

/** What a request hears that asked for a model outside of any turn, in place of the model's answer. */
export async function asModelRefusal<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    throw error instanceof ModelError ? refusalOf(error) : error
  }
}

function refusalOf(error: ModelError): RefusedError {
  switch (error.code) {
    case 'model_not_configured':
      return new RefusedError(501, 'MODEL_NOT_CONFIGURED', error.message)
    case 'budget_exhausted':
    case 'budget_stop':
      return new RefusedError(429, 'BUDGET_EXHAUSTED', error.message)
    case 'model_unavailable': {
      const status = error.status === 429 ? 429 : 503
      return new RefusedError(status, 'MODEL_ERROR', error.message, error.retryAfterMs)
    }
    default:
      return new RefusedError(502, 'MODEL_ERROR', error.message)
  }
}
