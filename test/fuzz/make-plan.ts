import { makeFaults } from './make-faults.ts'
import { makeMessages } from './make-messages.ts'
import { makeMoods } from './make-moods.ts'
import type { Op, Plan, PlannedRoom } from './plan.ts'
import { createRandom, type Random } from './random.ts'

export interface PlanOptions {
  readonly seed: number
  readonly minutes: number
  /** Messages per second, on average. */
  readonly rate: number
}

const SMALL_MOODS = 40

/** The same for the same options, whatever the machine. */
export function makePlan({ seed, minutes, rate }: PlanOptions): Plan {
  const random = createRandom(seed)
  const forMs = Math.round(minutes * 60_000)
  const rooms = makeRooms(random.fork('rooms'))
  const ops: Op[] = [
    ...makeMessages(random.fork('messages'), { rooms, forMs, rate }),
    ...makeFaults(random.fork('faults'), forMs),
    ...makeLetters(random.fork('letters'), forMs),
  ]
  const moods = random.fork('small')
  return {
    version: 1,
    seed,
    forMs,
    rooms,
    smallMoods: Array.from({ length: SMALL_MOODS }, () => makeMoods(moods)).flat(),
    ops: ops.toSorted((a, b) => a.at - b.at),
  }
}

/** Rooms of one agent each, and one or two in which both hear everything. */
function makeRooms(random: Random): PlannedRoom[] {
  return Array.from({ length: random.whole(6, 10) }, (_, index) => ({
    name: `room-${index + 1}`,
    agents: index < 1 || random.chance(0.1) ? [0, 1] : [index % 2],
    source: random.weighted([
      [3, 'own'],
      [3, 'nonce'],
      [2, 'reserve'],
      [1, 'none'],
    ]),
  }))
}

/** An operator looks now and then what has ended badly. */
function makeLetters(random: Random, forMs: number): Op[] {
  const ops: Op[] = []
  for (let at = random.whole(5_000, 15_000); at < forMs; at += random.whole(4_000, 12_000)) {
    const act = random.chance(0.75) ? 'retry' : 'skip'
    ops.push({ kind: 'letter', at, act, edits: random.chance(0.4), api: random.whole(0, 1) })
  }
  return ops
}
