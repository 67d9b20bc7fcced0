import type { WorkContext } from '../agent/context.ts'
import type { RecordWrite, TaskRecord } from '../agent/records.ts'
import type { JsonObject } from '../schema/json.ts'
import type { TaskRunState } from '../schema/task.ts'

/** What `runTask` depends on. */
export interface TaskPorts {
  readonly runs: TaskRuns
  readonly workers: TaskWorkers
  /** What one run may take. Milliseconds. @default 300,000 */
  readonly limitMs?: number
}

/** A task at one of its times. */
export interface TaskFire {
  readonly taskId: string
  readonly agentId: string
  /** Milliseconds since the epoch. */
  readonly at: number
}

/** Temporal's attempt of an activity. */
export interface TaskAttempt {
  readonly runId: string
  readonly attempt: number
  /** Run id / activity id / attempt. */
  readonly token: string
}

export type FoundTask =
  | { readonly kind: 'open'; readonly task: TaskRecord; readonly agentVersion: number }
  | { readonly kind: 'ended'; readonly state: TaskRunState }
  /** The task was deleted, its agent does not run, or it has run for a later time. */
  | { readonly kind: 'gone' }

export type TaskClaim =
  | {
      readonly kind: 'claimed'
      /** How often the worker was begun for this time, this one included. */
      readonly tries: number
    }
  | { readonly kind: 'ended'; readonly state: TaskRunState }
  /** Another Workflow runs it at this time. */
  | { readonly kind: 'held' }
  | { readonly kind: 'gone' }

/** Runs of tasks, in Postgres. A time of a task runs once, and a task runs once at a time. */
export interface TaskRuns {
  find(fire: TaskFire): Promise<FoundTask>
  /**
   * The right to begin the worker. Runs whose process died are noted as `unknown` here, unless the task
   * says that a repetition does no harm.
   */
  claim(fire: TaskFire, attempt: TaskAttempt): Promise<TaskClaim>
  /** Its process lives. False: somebody else took the run over. */
  renew(fire: TaskFire, attempt: TaskAttempt): Promise<boolean>
  /** Commits the result and what the worker wrote. @throws {FencedError} nothing was written. */
  finish(fire: TaskFire, attempt: TaskAttempt, end: TaskEnd): Promise<void>
  /** It was not begun. The reason is for the operator. */
  skip(fire: TaskFire, attempt: TaskAttempt, reason: string): Promise<void>
}

export interface TaskEnd {
  readonly state: Extract<TaskRunState, 'done' | 'failed' | 'again'>
  readonly error: string | null
  readonly writes: readonly RecordWrite[]
  /** Of `again`: when the next try is made. */
  readonly afterMs?: number
}

/** ElizaOS's task workers, by the name of the task. */
export interface TaskWorkers {
  /** Loads the agent if need be. Undefined: no plugin of the agent registered one. */
  find(
    agent: { readonly id: string; readonly version: number },
    name: string,
  ): Promise<TaskWorker | undefined>
}

export interface TaskWorker {
  validate(context: WorkContext): Promise<boolean>
  execute(context: WorkContext, task: TaskRecord, options: JsonObject): Promise<void>
}
