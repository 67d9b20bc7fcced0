import { ActivityFailure, TemporalFailure } from '@temporalio/workflow'

/**
 * Why a step failed; undefined when the error is no step's. The SDK wraps what a regular Activity
 * failed with into an `ActivityFailure`, and hands out a Local Activity's failure as it is.
 */
export function reasonOf(error: unknown): TemporalFailure | undefined {
  const reason = error instanceof ActivityFailure ? error.cause : error
  return reason instanceof TemporalFailure ? reason : undefined
}
