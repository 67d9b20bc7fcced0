import type { ActivityOptions, LocalActivityOptions, RetryPolicy } from '@temporalio/workflow'

/** Every timeout and retry policy of a turn, with the reason for its number. Measured by killing real processes. */

/**
 * First retry after 200 ms: a worker's death costs the heartbeat timeout already. No
 * `maximumAttempts`: a paused worker swallows retries, and a turn must outlive that; attempts end with
 * `scheduleToCloseTimeout`, and a vendor's failures are counted in the ledger.
 */
const RETRY: RetryPolicy = {
  initialInterval: '200ms',
  backoffCoefficient: 2,
  maximumInterval: '5s',
}

/** Local Activities: markers in the Workflow Task's own commit. At most 3 tries within 1 s. */
const LOCAL: LocalActivityOptions = {
  startToCloseTimeout: '3s', // below 80 % of the Workflow Task timeout: a cancellation waits no longer
  localRetryThreshold: '1s', // never a timer: a longer wait goes to the regular twin
  retry: { initialInterval: '100ms', backoffCoefficient: 2, maximumAttempts: 3 },
}

export const localStep = (summary: string): LocalActivityOptions => ({ ...LOCAL, summary })

/** The regular twin of a local step, for when the database is away for longer than its tries. */
export const twinStep = (summary: string, timeLeftMs: number): ActivityOptions => ({
  summary,
  startToCloseTimeout: '10s',
  scheduleToCloseTimeout: timeLeftMs,
  retry: RETRY,
})

/**
 * A step that talks to the outside world. `heartbeatTimeout`: a worker killed in mid-call is noticed
 * after it; below 2 s a busy event loop would cost a second paid call.
 */
export const worldStep = (
  summary: string,
  { timeLeftMs, heartbeatTimeoutMs }: { timeLeftMs: number; heartbeatTimeoutMs: number },
): ActivityOptions => ({
  summary,
  scheduleToCloseTimeout: timeLeftMs,
  startToCloseTimeout: timeLeftMs,
  heartbeatTimeout: heartbeatTimeoutMs,
  cancellationType: 'WAIT_CANCELLATION_COMPLETED', // the ledger row is closed before the turn is
  retry: RETRY,
})

/** Sending goes on after the turn has settled, so it has time of its own. */
export const DELIVER_LIMIT_MS = 10 * 60_000

/** An evaluator that takes longer is given up: it is never worth a worker. */
export const EVALUATE_LIMIT_MS = 2 * 60_000

/** More than `runTask` gives a task's worker: it is to end, and note, what takes too long. */
const TASK_LIMIT = '6m'

/** A task waits for workers as long as there are none; it is nobody's turn. */
export const taskStep = (heartbeatTimeoutMs: number): ActivityOptions => ({
  summary: 'Run the task',
  startToCloseTimeout: TASK_LIMIT,
  heartbeatTimeout: heartbeatTimeoutMs,
  cancellationType: 'WAIT_CANCELLATION_COMPLETED', // the run's row is closed before the Workflow is
  retry: { ...RETRY, maximumInterval: '1m' },
})

/**
 * The reply waits for a look at the attachments, so that has an end: a minute, and never more than a
 * third of the time that is left.
 */
export const attendLimitMs = (timeLeftMs: number): number =>
  Math.max(MIN_STEP_MS, Math.min(60_000, Math.floor(timeLeftMs / 3)))

/** How long past its deadline a turn may try to write its ending. */
export const SETTLE_GRACE_MS = 10_000

/** A step is never given less, or Temporal would refuse the timeout. */
export const MIN_STEP_MS = 1
