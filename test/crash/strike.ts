import { setTimeout as delay } from 'node:timers/promises'
import type { Dedup } from '../../agent/connector.ts'
import type { TextAnswer } from '../support/stub-openai.ts'
import type { Instruction } from './control.ts'
import type { Fault } from './faults.ts'
import { type House, usualAnswer } from './house.ts'
import type { Point } from './points.ts'
import type { Seated } from './seated.ts'

export interface Cell {
  readonly point: Point
  readonly fault: Fault
  /** What the platform tells a repeated message by. */
  readonly dedup: Dedup
}

/** One fault, armed for the next turn that comes to its point. */
export interface Strike {
  /** When it happened, in milliseconds since the epoch. */
  readonly struck: Promise<number>
  /** A paused worker sleeps: wakes it, and waits until its steps have ended. */
  wake: (() => Promise<void>) | undefined
  disarm(): void
}

export interface StrikeOptions {
  /** Delivers the victim's message again. */
  redeliver(): Promise<unknown>
  /** The turn has its successor in the queue. */
  readonly followed: Promise<unknown>
}

/** How long an api sleeps: Postgres ends a transaction that is idle for 3 s. */
const API_SLEEP_MS = 4_000
const CUT_MS = { Postgres: 1_500, Temporal: 3_000 }
/** What repeats of a message get to run into whoever stands at the point. */
const REPEAT_MS = 150
/** For the successor of a turn whose model answers at once. */
const FOLLOW_MS = 2_000

const never = new Promise<never>(() => undefined)

export function arm(house: House, cell: Cell, options: StrikeOptions): Strike {
  const { script } = house
  const struck = Promise.withResolvers<number>()
  const strike: Strike = {
    struck: struck.promise,
    wake: undefined,
    disarm: () => {
      script.atPoint = undefined
      script.answer = undefined
    },
  }
  let isArmed = true
  const fire = () => {
    isArmed = false
    struck.resolve(Date.now())
  }
  if (cell.fault === 'cut vendor') {
    script.answer = (body) => {
      if (!isArmed || !body.model?.startsWith('large')) return undefined
      fire()
      return cutAt(cell.point, usualAnswer(body, 0))
    }
  }
  script.atPoint = (hit) => {
    const seat = house.crew.named(hit.process)
    const isHere =
      isArmed && cell.fault !== 'cut vendor' && hit.point === (cell.point.at ?? cell.point.name)
    if (isHere && seat) {
      fire()
      return happen(house, { cell, seat, strike, options })
    }
    // So that there is a next turn to start, whatever happens after the decision.
    if (hit.point === 'decide result:before') return afterAtMost(options.followed)
    return undefined
  }
  return strike
}

async function afterAtMost(followed: Promise<unknown>): Promise<Instruction> {
  await Promise.race([followed, delay(FOLLOW_MS, undefined, { ref: false })])
  return 'go'
}

interface Happening {
  readonly cell: Cell
  readonly seat: Seated
  readonly strike: Strike
  readonly options: StrikeOptions
}

async function happen(
  house: House,
  { cell, seat, strike, options }: Happening,
): Promise<Instruction> {
  switch (cell.fault) {
    case 'kill':
    case 'kill, no sweeper':
      await Promise.all([seat.end('SIGKILL'), house.crew.retire(seat)])
      return never
    case 'pause':
      return seat.role === 'api' ? sleepAWhile(seat) : sleepUntilWoken(house, seat, strike)
    case 'cut Postgres':
      return cut(seat.postgres, CUT_MS.Postgres)
    case 'cut Temporal':
      return cut(seat.temporal, CUT_MS.Temporal)
    case 'duplicate':
      await Promise.race([
        Promise.all([options.redeliver(), options.redeliver()]),
        delay(REPEAT_MS, undefined, { ref: false }),
      ])
      return 'go'
    case 'lost answer':
      return 'lose'
    case 'cut vendor':
      return 'go'
  }
}

async function sleepAWhile(seat: Seated): Promise<Instruction> {
  seat.signal('SIGSTOP')
  await delay(API_SLEEP_MS)
  seat.signal('SIGCONT')
  return 'go'
}

/** It works on afterwards, in the same cell and the next: whatever it swallowed must come to nothing. */
function sleepUntilWoken(house: House, seat: Seated, strike: Strike): Promise<Instruction> {
  seat.signal('SIGSTOP')
  const woken = Promise.withResolvers<Instruction>()
  strike.wake = async () => {
    seat.signal('SIGCONT')
    woken.resolve('go')
    await house.idle(seat.name)
  }
  return woken.promise
}

async function cut(wire: Seated['postgres'], ms: number): Promise<Instruction> {
  wire.cut()
  setTimeout(() => wire.mend(), ms)
  return 'go'
}

function cutAt({ name }: Point, answer: TextAnswer): TextAnswer {
  const chunks = Math.ceil(answer.text.length / 20) // the stub's own size
  const after: Readonly<Record<string, number>> = { 'request:sent': 0, 'last token:after': chunks }
  return { ...answer, cutAfterChunks: after[name] ?? 3 }
}
