import type { Logger } from '../observability/log.ts'

/** A worker process of ours. */
export interface WorkerProcess {
  readonly pid: number
  /** Resolves with its exit code or signal, whoever ended it. */
  readonly ended: Promise<number | string>
  /** Lets it finish its steps, and ends it for good when that takes too long. */
  end(): Promise<void>
}

export interface ClusterLimits {
  readonly workers: number
  readonly maxWorkers: number
  readonly autoScale: boolean
  readonly scaleThreshold: number
}

export interface ClusterPorts {
  spawn(): WorkerProcess
  /** Waits before a worker that died is started again. Resolves early when `signal` is aborted. */
  pause(ms: number, signal: AbortSignal): Promise<void>
  /** Milliseconds of a clock that never goes back. */
  now(): number
  readonly log: Pick<Logger, 'info' | 'warn'>
}

export interface WorkerStanding {
  /** Undefined while it waits to be started again. */
  readonly pid: number | undefined
  readonly restarts: number
}

export interface Cluster {
  /** @param cpu share of the processors that is busy @param queued turns that wait */
  scale(load: { readonly cpu: number; readonly queued: number }): void
  standing(): readonly WorkerStanding[]
  stop(): Promise<void>
}

const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 30_000
/** A worker that ran so long was no crash at the start: the next pause is the first one again. */
const HEALTHY_MS = 60_000
/** A queue of so many per worker is a load of its own, also while the processors wait for vendors. */
const QUEUED_PER_WORKER = 10
/** Looks in a row that must say the same. Fewer to add than to take away: a worker takes seconds to come up. */
const LOOKS_TO_GROW = 2
const LOOKS_TO_SHRINK = 6

interface Seat {
  readonly stopping: AbortController
  process: WorkerProcess | undefined
  restarts: number
  done: Promise<void>
}

/** So many worker processes, started again when they die, more of them under load. */
export function createCluster(limits: ClusterLimits, ports: ClusterPorts): Cluster {
  const seats: Seat[] = []
  const leaving = new Set<Promise<void>>()
  const looks = { busy: 0, idle: 0 }
  const add = () => seats.push(fill(ports))
  const leave = (seat: Seat | undefined) => {
    if (!seat) return
    const left = vacate(seat).finally(() => leaving.delete(left))
    leaving.add(left)
  }
  for (let n = 0; n < limits.workers; n += 1) add()
  return {
    scale(load) {
      if (!limits.autoScale || seats.length === 0) return
      const isBusy = load.cpu >= limits.scaleThreshold || load.queued > most(seats)
      const isIdle = load.cpu < limits.scaleThreshold / 2 && load.queued === 0
      looks.busy = isBusy ? looks.busy + 1 : 0
      looks.idle = isIdle ? looks.idle + 1 : 0
      if (looks.busy >= LOOKS_TO_GROW && seats.length < limits.maxWorkers) {
        looks.busy = 0
        add()
        ports.log.info({ workers: seats.length, ...load }, 'A worker was added.')
      } else if (looks.idle >= LOOKS_TO_SHRINK && seats.length > limits.workers) {
        looks.idle = 0
        leave(seats.pop())
        ports.log.info({ workers: seats.length, ...load }, 'A worker was taken away.')
      }
    },
    standing: () => seats.map(({ process, restarts }) => ({ pid: process?.pid, restarts })),
    async stop() {
      for (const seat of seats.splice(0)) leave(seat)
      await Promise.all(leaving)
    },
  }
}

const most = (seats: readonly Seat[]) => seats.length * QUEUED_PER_WORKER

function fill(ports: ClusterPorts): Seat {
  const seat: Seat = {
    stopping: new AbortController(),
    process: undefined,
    restarts: 0,
    done: Promise.resolve(),
  }
  seat.done = occupy(seat, ports)
  return seat
}

/** One process after the other, until the seat is vacated. */
async function occupy(seat: Seat, { spawn, pause, now, log }: ClusterPorts): Promise<void> {
  const { signal } = seat.stopping
  let pauseMs = FIRST_PAUSE_MS
  while (!signal.aborted) {
    const since = now()
    seat.process = spawn()
    const { pid, ended } = seat.process
    const ending = await ended
    seat.process = undefined
    if (signal.aborted) return
    if (now() - since >= HEALTHY_MS) pauseMs = FIRST_PAUSE_MS
    log.warn({ pid, ending, pauseMs }, 'A worker process ended; it is started again.')
    await pause(pauseMs, signal)
    pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)
    seat.restarts += 1
  }
}

async function vacate({ stopping, process, done }: Seat): Promise<void> {
  stopping.abort()
  await process?.end()
  await done
}
