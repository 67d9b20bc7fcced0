import { Context } from '@temporalio/activity'
import type { StepAttempt } from '../agent/ports.ts'
import type { TurnRef } from '../schema/turn.ts'

/** Who runs this step now, as Temporal counts it. */
export function currentAttempt({ turnId, gen }: TurnRef): StepAttempt {
  return { turnId, gen, ...currentRun() }
}

/** The same for an activity that belongs to no turn. */
export function currentRun(): Pick<StepAttempt, 'runId' | 'attempt' | 'token'> {
  const { workflowExecution, activityId, attempt } = Context.current().info
  const { runId } = workflowExecution ?? { runId: 'no-workflow' }
  return { runId, attempt, token: `${runId}/${activityId}/${attempt}` }
}

/**
 * What ended a step that failed: the abort, if it was aborted, whatever the code it interrupted made
 * of that. As a failure of its own it would be retried, and end a cancelled turn as failed.
 */
export function causeOfEnd(error: unknown): unknown {
  const { cancellationSignal } = Context.current()
  return cancellationSignal.aborted ? cancellationSignal.reason : error
}

/** The Workflow asked for the end; a worker that shuts down or lost its right aborts for other reasons. */
export const wasCancelled = (): boolean =>
  Context.current().cancellationDetails?.cancelRequested === true

/**
 * Heartbeats while `work` runs, so that a cancellation is heard and a dead worker noticed. The worker
 * throttles them (`maxHeartbeatThrottleInterval`); this interval only must not be longer.
 */
export async function withHeartbeats<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const context = Context.current()
  if (context.info.isLocal) return work(context.cancellationSignal) // nobody listens to its heartbeats
  const timer = setInterval(() => context.heartbeat(), HEARTBEAT_INTERVAL_MS)
  try {
    context.heartbeat()
    return await work(context.cancellationSignal)
  } finally {
    clearInterval(timer)
  }
}

const HEARTBEAT_INTERVAL_MS = 400
