/** The words of a task's run: what starts it, and how it ends. */

/** What `taskWorkflow` is started with. It enters Temporal's history: ids and times only. */
export interface TaskInput {
  readonly taskId: string
  readonly agentId: string
  /**
   * The time for which it runs, in milliseconds since the epoch: one time runs once, however often it is
   * started. @default the time for which Temporal's Schedule started it
   */
  readonly scheduledAt?: number
  /** A setting, but part of the input: a Workflow must not read configuration. */
  readonly heartbeatTimeoutMs: number
}

export const TASK_RUN_STATES = [
  'running',
  /** It failed, and is tried again after a pause. */
  'again',
  'done',
  'failed',
  /** Its process died within it: it may have done its work, or a part of it. */
  'unknown',
  /** It was not begun: an earlier run still went on, the worker did not validate, or there is none. */
  'skipped',
] as const
export type TaskRunState = (typeof TASK_RUN_STATES)[number]

/** What `runTask` tells the Workflow. `gone`: there is no such task, or not for this time. */
export type TaskVerdict =
  | { readonly kind: 'ended'; readonly state: TaskRunState | 'gone' }
  | { readonly kind: 'again'; readonly afterMs: number }

/** The Workflow's result. */
export interface TaskOutcome {
  readonly state: TaskRunState | 'gone'
}
