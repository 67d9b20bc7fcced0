import type { TaskRecord } from '../agent/records.ts'

/** When a task runs. A task without the tag `queue` runs never by itself. */
export type TaskPlan =
  | {
      readonly kind: 'repeat'
      readonly everySeconds: number
      /** When it last ran, or was made. Milliseconds since the epoch. */
      readonly anchorAt: number
      /** Its first run does not wait for an interval. */
      readonly isImmediate: boolean
    }
  /** Milliseconds since the epoch; in the past: now. */
  | { readonly kind: 'once'; readonly at: number }

type Planned = Pick<TaskRecord, 'tags' | 'metadata' | 'createdAt'>

/** Temporal's Schedules count in whole seconds. */
const LEAST_SECONDS = 1

/** By ElizaOS's tags `queue`, `repeat` and `immediate`, and its metadata `updateInterval` and `updatedAt`. */
export function planOf({ tags, metadata, createdAt }: Planned): TaskPlan | undefined {
  if (!tags.includes('queue')) return undefined
  if (!tags.includes('repeat')) {
    // Never of `updatedAt`, which workers write while they run: another time would be another run.
    return { kind: 'once', at: timeOf(metadata.scheduledAt) ?? createdAt }
  }
  return {
    kind: 'repeat',
    everySeconds: Math.max(LEAST_SECONDS, Math.ceil(intervalMs(metadata.updateInterval) / 1_000)),
    anchorAt: timeOf(metadata.updatedAt) ?? createdAt,
    isImmediate: tags.includes('immediate'),
  }
}

/** Tells two plans apart that need different things of Temporal. */
export const specOf = (plan: TaskPlan): string =>
  plan.kind === 'repeat' ? `every:${plan.everySeconds}` : `once:${plan.at}`

/** Whether its first run is due before anything was made for it. */
export const isDue = (plan: TaskPlan, now: number, hasRun: boolean): boolean =>
  plan.kind === 'once'
    ? plan.at <= now
    : (plan.isImmediate && !hasRun) || plan.anchorAt + plan.everySeconds * 1_000 <= now

/** What a repetition of the worker does to the world. `once` unless the task says so. */
export function effectOf({
  metadata,
}: Pick<TaskRecord, 'metadata'>): 'none' | 'idempotent' | 'once' {
  const { effect } = metadata
  return effect === 'none' || effect === 'idempotent' ? effect : 'once'
}

/** A date as JSON keeps it, or milliseconds. Undefined for what no clock shows. */
function timeOf(value: unknown): number | undefined {
  const time = typeof value === 'string' ? Date.parse(value) : value
  return typeof time === 'number' && time > 0 && time < LAST_TIME ? Math.floor(time) : undefined
}

/** Of `Date`; an interval above it would never end either. */
const LAST_TIME = 8_640_000_000_000_000

const YEAR_MS = 31_536_000_000

const intervalMs = (value: unknown): number =>
  typeof value === 'number' && value > 0 ? Math.min(value, 10 * YEAR_MS) : 0
