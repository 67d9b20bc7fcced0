import { ModelError } from '../agent/errors.ts'
import { type VendorCall, vendorError } from './vendor-error.ts'
import { FailedRequestError } from './vendor-fetch.ts'
import type { Refusal } from './vendor-refusal.ts'

/** An error as Google writes it, inside `{"error": …}` or inside a list of one of these. */
interface GoogleStatus {
  readonly code?: unknown
  readonly status?: unknown
  readonly message?: unknown
  readonly details?: unknown
}

/** Any failure of a call of Google, as the error that says what to do. */
export function googleError(error: unknown, call: VendorCall): ModelError {
  if (error instanceof ModelError) return error
  if (error instanceof FailedRequestError) return vendorError(error.failure, call)
  // Of names that would change the address, and before anything is sent.
  if (error instanceof Error && error.message === 'invalid model parameter') {
    const { message } = error
    return vendorError({ kind: 'refusal', isUnsent: true, code: 'invalid_model', message }, call)
  }
  const inStream = refusalIn(error)
  if (inStream) return vendorError({ kind: 'refusal', ...inStream }, call)
  // Other errors of the client quote what it could not read; those of the network do not.
  const isSafe = error instanceof Error && error.name === 'TypeError'
  return vendorError({ kind: 'broken-off', ...(isSafe && { cause: error }) }, call)
}

/** The client makes an error of its own of one in the stream: its message is the body behind some words. */
function refusalIn(error: unknown): Refusal | undefined {
  if (!(error instanceof Error) || error.name !== 'ApiError') return undefined
  const status = 'status' in error && typeof error.status === 'number' ? error.status : undefined
  const refusal = googleRefusal(error.message.slice(error.message.indexOf('{')))
  return { ...refusal, ...(status !== undefined && { status }) }
}

/** What the body of an error says. */
export function googleRefusal(body: string): Refusal {
  const status = statusOf(body)
  if (status === undefined) return { message: body }
  const details = Array.isArray(status.details) ? status.details.filter(isRecord) : []
  const retryAfterMs = delayMs(detail(details, 'RetryInfo')?.retryDelay)
  return {
    message: typeof status.message === 'string' ? status.message : '',
    code: isOutOfQuota(details) ? 'insufficient_quota' : detail(details, 'ErrorInfo')?.reason,
    type: status.status,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  }
}

function statusOf(body: string): GoogleStatus | undefined {
  try {
    const parsed: unknown = JSON.parse(body)
    const outer: unknown = Array.isArray(parsed) ? parsed[0] : parsed
    return isRecord(outer) && isRecord(outer.error) ? outer.error : undefined
  } catch {
    return undefined
  }
}

type Details = readonly Readonly<Record<string, unknown>>[]

const detail = (details: Details, type: string) =>
  details.find(({ '@type': name }) => typeof name === 'string' && name.endsWith(`.${type}`))

/**
 * Limits per minute and per day come with the same status and the same wait of some seconds. One per day
 * is not lifted within a turn.
 */
function isOutOfQuota(details: Details): boolean {
  const violations = detail(details, 'QuotaFailure')?.violations
  if (!Array.isArray(violations)) return false
  return violations.some((one) => isRecord(one) && /PerDay/i.test(String(one.quotaId)))
}

/** `37.5s`. */
function delayMs(delay: unknown): number | undefined {
  const seconds = typeof delay === 'string' && /^(\d+(?:\.\d+)?)s$/.exec(delay)?.[1]
  return seconds ? Math.ceil(Number(seconds) * 1000) : undefined
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null
