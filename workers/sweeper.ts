import { setTimeout as delay } from 'node:timers/promises'
import type { Settled } from '../agent/ports.ts'
import { type Ending, type HeadTurn, isTerminal } from '../schema/turn.ts'
import type { SilenceLimits } from '../turns/outages.ts'
import type { OutboxRoom } from '../turns/outbox-abandoned.ts'
import type { RunningTurn, SweepFindings, SweepLimits } from '../turns/sweep.ts'

/** What a sweep does to the world. Temporal's part may be away; then the next sweep tries again. */
export interface SweeperPorts {
  /** Whether Temporal answers now. Notes outages, and ends them. @throws Postgres cannot be reached. */
  reached(silence: SilenceLimits): Promise<boolean>
  /** Undefined while another process sweeps. */
  find(limits: SweepLimits): Promise<SweepFindings | undefined>
  start(turn: HeadTurn): Promise<'started' | 'closed'>
  standing(turn: HeadTurn): Promise<'running' | 'stranded' | 'closed' | 'not-found'>
  cancel(turn: HeadTurn): Promise<void>
  terminate(turn: HeadTurn, reason?: string): Promise<void>
  takeOver(turn: RunningTurn): Promise<HeadTurn | undefined>
  /**
   * Settles with the character's apology, and starts the room's next turn. A turn that is given more
   * time, because Temporal was away, goes on as its next generation instead.
   */
  end(turn: HeadTurn, ending: Ending, reason: string | null): Promise<Settled | undefined>
  /** Starts the delivery of what waits in a room's outbox. */
  deliver(room: OutboxRoom): Promise<void>
  /** Nobody answered: the turn goes on, and says so. */
  expire(approvalId: string): Promise<void>
  /** Deletes the rooms of old forks, now and then. */
  cleanOldRows(): Promise<void>
  log(message: string, turn?: HeadTurn, error?: unknown): void
}

export interface SweeperSettings {
  readonly intervalMs: number
  readonly graceMs: number
  /**
   * The first sweep looks at every running turn: nobody else runs any, and Temporal may have lost
   * them with its database. @default false
   */
  readonly startsWithAll?: boolean
}

const READY_MS = 2_000
const UNTOUCHED_MS = 30_000

/** What a sweep may take before what it found is ended: an agent that never loads takes 2 s. */
const SWEEP_MS = 3_000

/** Its own Workflow ends a turn within a second, unless it cannot. */
const OWN_CHANCE_MS = 3_000

/**
 * How late a running turn is ended: as its own Workflow had its chance, and in time for the grace
 * although the sweep may come an interval later. By default 2 s, of the 10 s of grace.
 */
const lateAfterMs = (graceMs: number, intervalMs: number) =>
  Math.min(graceMs, OWN_CHANCE_MS, Math.max(1_000, graceMs - intervalMs - SWEEP_MS))

/** Sweeps without an answer after which nobody reaches Temporal: others may be between two of theirs. */
const SILENT_SWEEPS = 2

/** Finds turns that nobody runs, every few seconds, until `signal` is aborted. */
export async function runSweeper(
  ports: SweeperPorts,
  { intervalMs, graceMs, startsWithAll = false }: SweeperSettings,
  signal: AbortSignal,
): Promise<void> {
  const limits = {
    ...{ readyMs: READY_MS, untouchedMs: UNTOUCHED_MS, graceMs },
    lateMs: lateAfterMs(graceMs, intervalMs),
  }
  const silentMs = SILENT_SWEEPS * intervalMs
  const began = performance.now()
  let seesAll = startsWithAll
  while (!signal.aborted) {
    const silence = { silentMs, watchedMs: performance.now() - began }
    const swept = await sweep(ports, seesAll ? { ...limits, untouchedMs: 0 } : limits, silence)
    if (swept === 'done') seesAll = false
    if (swept === 'more') continue
    await delay(intervalMs, undefined, { signal }).catch(() => undefined)
  }
}

const NO_SILENCE: SilenceLimits = { silentMs: Number.POSITIVE_INFINITY, watchedMs: 0 }

/**
 * One sweep. Does not throw: what fails is logged and found again. While Temporal is away nothing is
 * done: no turn can be started then, and none is to be blamed for the time. `more`: it ended as many
 * turns as it may, and there are probably others.
 */
export async function sweep(
  ports: SweeperPorts,
  limits: SweepLimits,
  silence = NO_SILENCE,
): Promise<'done' | 'more' | 'not-done'> {
  try {
    if (!(await ports.reached(silence))) return 'not-done'
    const findings = await ports.find(limits)
    if (!findings) return 'not-done'
    const overdue = findings.running.filter(({ isOverdue }) => isOverdue)
    // Who waits for their ends waits for nobody else: they come first, and Temporal is asked later.
    const ended = await inParallel(ports, [
      ...findings.expired.map((turn) => () => expire(ports, turn)),
      ...overdue.map((turn) => () => endOverdue(ports, turn)),
    ])
    await inParallel(ports, [
      ...findings.ready.map((turn) => () => startAgain(ports, turn)),
      ...findings.running
        .filter(({ isOverdue }) => !isOverdue)
        .map((turn) => () => lookAfter(ports, turn)),
      ...findings.unanswered.map((id) => () => ports.expire(id)),
      ...findings.undelivered.map((room) => () => ports.deliver(room)),
      () => ports.cleanOldRows(),
    ])
    return ended.succeeded >= FULL && ended.failed === 0 ? 'more' : 'done'
  } catch (error) {
    ports.log('A sweep failed; the next one tries again.', undefined, error)
    return 'not-done'
  }
}

/** As many as a sweep finds of a kind. */
const FULL = 500

/** Enough to hide the round trips, too few to crowd out the turns themselves. */
const PARALLEL = 8

type Job = () => Promise<void>

async function inParallel(ports: SweeperPorts, jobs: readonly Job[]) {
  const left = [...jobs]
  const counts = { succeeded: 0, failed: 0 }
  const work = async () => {
    for (let job = left.shift(); job; job = left.shift()) {
      try {
        await job()
        counts.succeeded += 1
      } catch (error) {
        counts.failed += 1
        ports.log('A turn could not be swept.', undefined, error)
      }
    }
  }
  await Promise.all(Array.from({ length: PARALLEL }, work))
  return counts
}

async function startAgain(ports: SweeperPorts, turn: HeadTurn): Promise<void> {
  if ((await ports.start(turn)) === 'started') return
  await lost(ports, turn)
}

async function expire(ports: SweeperPorts, turn: HeadTurn): Promise<void> {
  const reason = 'The deadline passed while the turn waited in the queue.'
  await ports.end(turn, { kind: 'timed_out' }, reason)
}

/**
 * The row decides, under the room's lock, and what its Workflow and its steps do after that comes to
 * nothing: nobody waits for code that does not hear. The Workflow is ended because nothing else would.
 */
async function endOverdue(ports: SweeperPorts, turn: RunningTurn): Promise<void> {
  const ending: Ending = { kind: turn.cancelRequested ? 'cancelled' : 'timed_out' }
  const reason = 'The turn did not end by itself after its deadline, and was ended.'
  const settled = await ports.end(turn, ending, turn.cancelRequested ? null : reason)
  const endedByItself = settled && !settled.isFirst && isTerminal(settled.state)
  if (endedByItself) return // its Workflow still sends and evaluates
  ports.log(reason, turn)
  await ports.terminate(turn)
}

async function lookAfter(ports: SweeperPorts, turn: RunningTurn): Promise<void> {
  const standing = await ports.standing(turn)
  if (standing === 'not-found') return takeOver(ports, turn, UNKNOWN)
  if (standing === 'stranded') return leaveBuild(ports, turn)
  if (standing === 'closed') return lost(ports, turn)
  if (turn.cancelRequested) await ports.cancel(turn)
}

const UNKNOWN = 'Temporal does not know this turn; it is started again as a new generation.'
const STRANDED =
  'No worker runs the build of this turn any more; it goes on at the current one as a new generation.'

async function takeOver(ports: SweeperPorts, turn: RunningTurn, why: string): Promise<void> {
  const next = await ports.takeOver(turn)
  if (!next) return
  ports.log(why, next)
  await ports.start(next)
}

/** In this order: the end of a Workflow whose turn is still its own would be a failure of the turn. */
async function leaveBuild(ports: SweeperPorts, turn: RunningTurn): Promise<void> {
  await takeOver(ports, turn, STRANDED)
  await ports.terminate(turn, 'stranded')
}

/** The Workflow is over and the row says otherwise; unless it was just being written. */
async function lost(ports: SweeperPorts, turn: HeadTurn): Promise<void> {
  const reason = 'The Workflow of this turn ended without an outcome.'
  const settled = await ports.end(turn, { kind: 'failed', code: 'workflow_lost' }, reason)
  if (settled?.isFirst) ports.log(reason, turn)
}
