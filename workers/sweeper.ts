import { setTimeout as delay } from 'node:timers/promises'
import type { Settled } from '../agent/ports.ts'
import type { Ending, HeadTurn } from '../schema/turn.ts'
import type { RunningTurn, SweepFindings, SweepLimits } from '../turns/sweep.ts'

/** What a sweep does to the world. Temporal's part may be away; then the next sweep tries again. */
export interface SweeperPorts {
  /** Undefined while another process sweeps. */
  find(limits: SweepLimits): Promise<SweepFindings | undefined>
  start(turn: HeadTurn): Promise<'started' | 'closed'>
  standing(turn: HeadTurn): Promise<'running' | 'closed' | 'not-found'>
  cancel(turn: HeadTurn): Promise<void>
  terminate(turn: HeadTurn): Promise<void>
  takeOver(turn: RunningTurn): Promise<HeadTurn | undefined>
  /** Settles with the character's apology, and starts the room's next turn. */
  end(turn: HeadTurn, ending: Ending, reason: string): Promise<Settled | undefined>
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

/** Finds turns that nobody runs, every few seconds, until `signal` is aborted. */
export async function runSweeper(
  ports: SweeperPorts,
  { intervalMs, graceMs, startsWithAll = false }: SweeperSettings,
  signal: AbortSignal,
): Promise<void> {
  const limits = { readyMs: READY_MS, untouchedMs: UNTOUCHED_MS, graceMs }
  for (let isFirst = true; !signal.aborted; isFirst = false) {
    await sweep(ports, isFirst && startsWithAll ? { ...limits, untouchedMs: 0 } : limits)
    await delay(intervalMs, undefined, { signal }).catch(() => undefined)
  }
}

/** One sweep. Does not throw: what fails is logged and found again. */
export async function sweep(ports: SweeperPorts, limits: SweepLimits): Promise<void> {
  try {
    const findings = await ports.find(limits)
    if (!findings) return
    const jobs = [
      ...findings.ready.map((turn) => () => startAgain(ports, turn)),
      ...findings.expired.map((turn) => () => expire(ports, turn)),
      ...findings.running.map((turn) => () => lookAfter(ports, turn, limits.graceMs)),
    ]
    await Promise.all(Array.from({ length: PARALLEL }, () => work(ports, jobs)))
  } catch (error) {
    ports.log('A sweep failed; the next one tries again.', undefined, error)
  }
}

/** Enough to hide the round trips, too few to crowd out the turns themselves. */
const PARALLEL = 8

async function work(ports: SweeperPorts, jobs: (() => Promise<void>)[]): Promise<void> {
  for (let job = jobs.pop(); job; job = jobs.pop()) {
    await job().catch((error: unknown) => ports.log('A turn could not be swept.', undefined, error))
  }
}

async function startAgain(ports: SweeperPorts, turn: HeadTurn): Promise<void> {
  if ((await ports.start(turn)) === 'started') return
  await lost(ports, turn)
}

async function expire(ports: SweeperPorts, turn: HeadTurn): Promise<void> {
  const reason = 'The deadline passed while the turn waited in the queue.'
  await ports.end(turn, { kind: 'timed_out' }, reason)
}

async function lookAfter(ports: SweeperPorts, turn: RunningTurn, graceMs: number): Promise<void> {
  const standing = await ports.standing(turn)
  if (standing === 'not-found') return takeOver(ports, turn)
  if (standing === 'closed') return lost(ports, turn)
  const lateMs = Date.now() - turn.deadlineAt
  if (lateMs > 2 * graceMs) {
    await ports.terminate(turn)
    const reason = 'The turn did not end by itself after its deadline and was terminated.'
    await ports.end(turn, { kind: 'timed_out' }, reason)
  } else if (lateMs > graceMs || turn.cancelRequested) {
    await ports.cancel(turn)
  }
}

async function takeOver(ports: SweeperPorts, turn: RunningTurn): Promise<void> {
  const next = await ports.takeOver(turn)
  if (!next) return
  ports.log('Temporal does not know this turn; it is started again as a new generation.', next)
  await ports.start(next)
}

/** The Workflow is over and the row says otherwise; unless it was just being written. */
async function lost(ports: SweeperPorts, turn: HeadTurn): Promise<void> {
  const reason = 'The Workflow of this turn ended without an outcome.'
  const settled = await ports.end(turn, { kind: 'failed', code: 'workflow_lost' }, reason)
  if (settled?.isFirst) ports.log(reason, turn)
}
