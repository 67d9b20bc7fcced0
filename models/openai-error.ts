import { APIConnectionError, APIConnectionTimeoutError, APIError } from 'openai'
import { ModelError } from '../agent/errors.ts'
import { EndlessBodyError } from './bounded-fetch.ts'
import { isRecord } from './openai-usage.ts'
import { type VendorCall, type VendorFailure, vendorError } from './vendor-error.ts'

/** The endpoint answered 200, but with a page or a document where something else was asked for. */
export class NotAnAnswerError extends Error {
  override readonly name = 'NotAnAnswerError'
  readonly got: string

  constructor(got: string) {
    super(`Expected a model's answer, got '${got}'.`)
    this.got = got
  }
}

/** Any failure of the `openai` client, as the error that says whether another attempt could succeed. */
export const openaiError = (error: unknown, call: VendorCall): ModelError =>
  error instanceof ModelError ? error : vendorError(failureOf(error), call)

function failureOf(error: unknown): VendorFailure {
  if (error instanceof NotAnAnswerError) return { kind: 'not-an-answer', got: error.got }
  if (isEndless(error)) return { kind: 'not-an-answer', got: 'an answer without end' }
  if (error instanceof APIConnectionTimeoutError) {
    return { kind: 'unreachable', cause: { code: 'timed out' } }
  }
  if (error instanceof APIConnectionError) return { kind: 'unreachable', cause: error }
  if (!(error instanceof APIError)) return { kind: 'broken-off', cause: error }
  const { status, code, type, headers } = error
  return { kind: 'refusal', status, code, type, message: wordsOf(error), headers }
}

const isEndless = (error: unknown): boolean =>
  error instanceof EndlessBodyError ||
  (error instanceof Error && error.cause instanceof EndlessBodyError)

/** OpenRouter's own words say little; those of the vendor behind it stand beside them. */
function wordsOf({ message, error }: APIError): string {
  const metadata = isRecord(error) ? error.metadata : undefined
  const raw = isRecord(metadata) ? metadata.raw : undefined
  return typeof raw === 'string' ? `${message}: ${raw}` : message
}
