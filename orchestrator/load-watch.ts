import { availableParallelism, cpus } from 'node:os'
import { monitorEventLoopDelay } from 'node:perf_hooks'

/** What a look at this machine and at the queue says. */
export interface LoadSample {
  /** Mean delay of this process's event loop since the look before, in milliseconds. */
  readonly eventLoopMs: number
  /** Share of the machine's processors that was busy since the look before, from 0 to 1. */
  readonly cpu: number
  /** Turns that wait. */
  readonly queued: number
}

export interface LoadLimits {
  readonly eventLoopMs: number
  readonly queued: number
}

/** A reply that is late by this is noticed; and a queue of so many takes minutes to empty. */
const LOAD_LIMITS: LoadLimits = { eventLoopMs: 200, queued: 200 }

/** Why it is too much; undefined when it is not. The processors alone are no reason: busy is what they are for. */
export function overload(
  sample: LoadSample,
  limits: LoadLimits = LOAD_LIMITS,
): 'event-loop' | 'queue' | undefined {
  if (sample.eventLoopMs >= limits.eventLoopMs) return 'event-loop'
  return sample.queued >= limits.queued ? 'queue' : undefined
}

export interface LoadMeter {
  read(): Omit<LoadSample, 'queued'>
  stop(): void
}

/** Resolution of the histogram in milliseconds: a delay below it is none. */
const RESOLUTION_MS = 10
const NANOSECONDS = 1e6

export function createLoadMeter(): LoadMeter {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  delays.enable()
  let before = processorTimes()
  return {
    read() {
      const mean = delays.mean / NANOSECONDS - RESOLUTION_MS
      delays.reset()
      const now = processorTimes()
      const passed = now.total - before.total
      const cpu = passed > 0 ? (now.busy - before.busy) / passed : 0
      before = now
      return { eventLoopMs: Number.isFinite(mean) ? Math.max(0, mean) : 0, cpu }
    },
    stop: () => delays.disable(),
  }
}

/** Of all processors, in milliseconds. A container may see more of them than it may use. */
function processorTimes(): { readonly busy: number; readonly total: number } {
  const all = cpus().slice(0, Math.max(1, availableParallelism()))
  const totals = all.map(({ times }) => Object.values(times).reduce((sum, ms) => sum + ms, 0))
  const total = totals.reduce((sum, ms) => sum + ms, 0)
  return { total, busy: total - all.reduce((sum, { times }) => sum + times.idle, 0) }
}
