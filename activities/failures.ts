import { CompleteAsyncError } from '@temporalio/activity'
import { ApplicationFailure, CancelledFailure } from '@temporalio/common'
import {
  ConnectorError,
  FencedError,
  ModelAnswerError,
  ModelError,
  NotFoundError,
  RequiredPluginError,
  UnavailableError,
} from '../agent/errors.ts'
import { RecordError } from '../agent/record-checks.ts'
import type { TurnCode } from '../schema/turn.ts'

interface Verdict {
  readonly code: TurnCode | 'connector_failed'
  readonly retryable: boolean
  readonly retryAfterMs?: number
}

/** An error nobody foresaw is retried, because it may be the network's; but not for ever. */
const MAX_UNFORESEEN_ATTEMPTS = 6

/** Temporal takes a delay of 0 as "never again". */
const LEAST_DELAY_MS = 1

/**
 * The one exit from activities: what an error means for the next attempt. Only the code leaves; the
 * words may quote a vendor or a person, and stay in Postgres.
 */
export function toFailure(error: unknown, attempt: number): Error {
  if (error instanceof CancelledFailure || error instanceof CompleteAsyncError) return error
  return codeOnly(verdictOf(error, attempt))
}

function verdictOf(error: unknown, attempt: number): Verdict {
  if (error instanceof ModelError) return error
  if (error instanceof ModelAnswerError) return { code: error.code, retryable: false }
  if (error instanceof FencedError) return { code: 'fenced', retryable: false }
  if (error instanceof NotFoundError) return { code: 'agent_not_found', retryable: false }
  if (error instanceof RequiredPluginError) return { code: error.code, retryable: false }
  if (error instanceof UnavailableError) return { code: 'database_unavailable', retryable: true }
  if (error instanceof ConnectorError) {
    return {
      code: 'connector_failed',
      retryable: error.kind === 'retryable',
      retryAfterMs: error.retryAfterMs,
    }
  }
  if (error instanceof RecordError) return { code: 'internal', retryable: false }
  return { code: 'internal', retryable: attempt < MAX_UNFORESEEN_ATTEMPTS }
}

function codeOnly({ code, retryable, retryAfterMs }: Verdict): ApplicationFailure {
  const failure = ApplicationFailure.create({
    type: code,
    message: code,
    nonRetryable: !retryable,
    nextRetryDelay: retryAfterMs === undefined ? undefined : Math.max(LEAST_DELAY_MS, retryAfterMs),
  })
  failure.stack = '' // file names of this machine have no place in a history
  return failure
}
