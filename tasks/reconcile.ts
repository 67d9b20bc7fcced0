import { setTimeout as delay } from 'node:timers/promises'
import type {
  HeldSchedule,
  NeededSchedule,
  ScheduleFindings,
  ScheduleRows,
  TaskSchedules,
} from './schedule-ports.ts'
import { isDue, specOf } from './task-plan.ts'

export interface ReconcilePorts {
  readonly rows: ScheduleRows
  readonly schedules: TaskSchedules
  log(message: string, error?: unknown): void
}

export interface ReconcileSettings {
  /** Milliseconds. @default 5,000 */
  readonly intervalMs?: number
  /** The first pass compares everything: Temporal may have lost its database. @default false */
  readonly startsWithAll?: boolean
}

/** How old a comparison with Temporal may be. */
const CHECK_MS = 10 * 60_000
const INTERVAL_MS = 5_000
const CLEAN_MS = 3_600_000

/** Makes Temporal's Schedules follow the rows of tasks, every few seconds and when it is nudged. */
export interface Reconciler {
  /** A task was written or deleted: looks at once. */
  nudge(): void
  /** Until `signal` is aborted. Does not reject. */
  run(signal: AbortSignal): Promise<void>
}

export function createReconciler(
  ports: ReconcilePorts,
  { intervalMs = INTERVAL_MS, startsWithAll = false }: ReconcileSettings = {},
): Reconciler {
  const began = Date.now()
  let isNudged = false
  let wake = () => {}
  const pause = async (signal: AbortSignal) => {
    if (isNudged) return
    const awake = new AbortController()
    wake = () => awake.abort()
    const either = AbortSignal.any([signal, awake.signal])
    await delay(intervalMs, undefined, { signal: either }).catch(() => undefined)
  }
  return {
    nudge: () => {
      isNudged = true
      wake()
    },
    run: async (signal) => {
      let cleaned = 0
      while (!signal.aborted) {
        isNudged = false
        const since = Math.max(startsWithAll ? began : 0, Date.now() - CHECK_MS)
        if ((await reconcile(ports, new Date(since))) === 'more') continue
        if (Date.now() - cleaned > CLEAN_MS) {
          cleaned = Date.now()
          await ports.rows.cleanOldRuns().catch((error: unknown) => ports.log(NOT_CLEANED, error))
        }
        await pause(signal)
      }
    },
  }
}

const NOT_CLEANED = 'Old runs of tasks could not be deleted; they are tried again in an hour.'

/** Failures after which Temporal or Postgres is taken to be away, and the rest is left to the next pass. */
const MAX_FAILURES = 3

/** One pass. Does not throw: what fails is logged and found again. `more`: there are probably others. */
export async function reconcile(
  ports: ReconcilePorts,
  checkedBefore: Date,
): Promise<'done' | 'more' | 'not-done'> {
  let findings: ScheduleFindings | undefined
  try {
    findings = await ports.rows.find(checkedBefore)
  } catch (error) {
    ports.log('Tasks could not be looked up; the next pass tries again.', error)
  }
  if (!findings) return 'not-done'
  const { needed, abandoned, isFull } = findings
  const failures = await inTurn(ports, [
    ...abandoned.map((schedule) => ({ schedule, work: () => abandon(ports, schedule) })),
    ...needed.map((schedule) => ({ schedule, work: () => ensure(ports, schedule) })),
  ])
  if (failures > 0) return 'not-done'
  return isFull ? 'more' : 'done'
}

interface Job {
  readonly schedule: HeldSchedule
  readonly work: () => Promise<void>
}

/** Few at once: tasks are not urgent, and turns need Temporal too. */
const PARALLEL = 4

async function inTurn({ rows, log }: ReconcilePorts, jobs: readonly Job[]): Promise<number> {
  const left = [...jobs]
  let failures = 0
  const work = async () => {
    for (let job = left.shift(); job; job = left.shift()) {
      const { schedule } = job
      if (failures >= MAX_FAILURES) {
        await rows.release(schedule).catch(() => undefined)
        continue
      }
      try {
        await job.work()
      } catch (error) {
        failures += 1
        log(`The schedule of the task '${schedule.taskId}' could not be brought up to date.`, error)
        await rows.release(schedule).catch(() => undefined)
      }
    }
  }
  await Promise.all(Array.from({ length: PARALLEL }, work))
  return failures
}

async function ensure({ rows, schedules }: ReconcilePorts, needed: NeededSchedule): Promise<void> {
  const { taskId, agentId, plan, hasRun, isOver } = needed
  const spec = specOf(plan)
  // Another kind of thing, or a Workflow that waits for another time: it cannot be changed into this one.
  const isOther = needed.spec !== null && needed.spec !== spec && !areBothRepeats(needed.spec, spec)
  if (isOther && needed.spec !== null) await schedules.remove({ taskId, spec: needed.spec })
  if (!isOver) {
    const due = isDue(plan, Date.now(), hasRun)
    await schedules.ensure({ taskId, agentId, plan, isDue: due })
  }
  await rows.made(needed, spec)
}

const areBothRepeats = (one: string, other: string) =>
  one.startsWith('every:') && other.startsWith('every:')

/** What was made and not noted is a Schedule or none: a Workflow that finds no task ends by itself. */
async function abandon({ rows, schedules }: ReconcilePorts, held: HeldSchedule): Promise<void> {
  await schedules.remove({ taskId: held.taskId, spec: held.spec ?? 'every:1' })
  await rows.removed(held)
}
