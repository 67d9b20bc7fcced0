import type { TaskPlan } from './task-plan.ts'

/** What a task needs of Temporal. */
export interface ScheduledTask {
  readonly taskId: string
  readonly agentId: string
  readonly plan: TaskPlan
  /** Its first run is due now. */
  readonly isDue: boolean
}

/** Temporal's Schedules and delayed Workflows of tasks. Every call may be repeated. */
export interface TaskSchedules {
  /** Makes or changes it; one that is as it should be stays as it is. */
  ensure(task: ScheduledTask): Promise<void>
  /** What was made by `spec`. Nothing there is as good. */
  remove(task: { readonly taskId: string; readonly spec: string }): Promise<void>
  /** One run at once; nothing while one goes on. */
  runNow(task: Omit<ScheduledTask, 'isDue'>): Promise<void>
}

/** A row that this reconciler holds for a while. */
export interface HeldSchedule {
  readonly taskId: string
  readonly token: string
  /** What was made last; null: nothing, or perhaps something that was not noted. */
  readonly spec: string | null
}

export interface NeededSchedule extends HeldSchedule {
  readonly agentId: string
  readonly plan: TaskPlan
  /** `updated_at` of the task of which `plan` was made, as the database writes it. */
  readonly seen: string
  readonly hasRun: boolean
  /** A task that runs once, and has: whatever came of it, it is not begun again by itself. */
  readonly isOver: boolean
}

export interface ScheduleFindings {
  readonly needed: readonly NeededSchedule[]
  /** The task is gone, or shall not run by itself any more. */
  readonly abandoned: readonly HeldSchedule[]
  /** As many as a pass takes: there are probably more. */
  readonly isFull: boolean
}

/** The bookkeeping, in Postgres. */
export interface ScheduleRows {
  /**
   * Tasks whose Schedule is not as it should be, or was not compared since `checkedBefore`. Undefined while
   * another process looks.
   */
  find(checkedBefore: Date): Promise<ScheduleFindings | undefined>
  made(schedule: NeededSchedule, spec: string): Promise<void>
  removed(schedule: HeldSchedule): Promise<void>
  /** It failed: the next pass tries again. */
  release(schedule: HeldSchedule): Promise<void>
  /** Deletes old runs of tasks that are gone. */
  cleanOldRuns(): Promise<void>
}
