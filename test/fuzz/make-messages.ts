import type { OverlapPolicy } from '../../schema/turn.ts'
import { makeMoods } from './make-moods.ts'
import { APIS, type Op, type PlannedRoom, type Say } from './plan.ts'
import type { Random } from './random.ts'

export interface MessageOptions {
  readonly rooms: readonly PlannedRoom[]
  readonly forMs: number
  /** Per second, on average. */
  readonly rate: number
}

const PEOPLE = 3
const BURST = 0.3
/** Messages of a burst, on average, so that the rate holds. */
const MEAN = 1 - BURST + BURST * 3.5

/** People speak singly or in bursts, and sometimes want it stopped. */
export function makeMessages(random: Random, { rooms, forMs, rate }: MessageOptions): Op[] {
  const ops: Op[] = []
  const mean = (MEAN / rate) * 1_000
  let number = 0
  for (let at = random.whole(0, mean); at < forMs; at += random.whole(0, 2 * mean)) {
    const room = random.whole(0, rooms.length - 1)
    const person = random.whole(1, PEOPLE)
    const count = random.chance(BURST) ? random.whole(2, 5) : 1
    for (let said = 0, then = at; said < count; said += 1, then += random.whole(0, 900)) {
      number += 1
      const speaker = random.chance(0.7) ? person : random.whole(1, PEOPLE)
      const message = makeSay(random, `m${number}`, { at: then, room, person: speaker })
      ops.push(message)
      if (random.chance(0.07)) ops.push(makeCancel(random, message))
    }
  }
  return ops
}

const POLICIES: readonly (readonly [number, OverlapPolicy])[] = [
  [62, 'enqueue'],
  [4, 'reject'],
  [6, 'interrupt'],
  [5, 'rollback'],
  [10, 'merge'],
  [9, 'steer'],
  [4, 'latest'],
]

const ACTIONS: readonly (readonly [number, readonly string[]])[] = [
  [52, []],
  [14, ['CHARGE']],
  [14, ['BOOK']],
  [8, ['CHARGE', 'BOOK']],
  [8, ['ORDER']],
  [4, ['BOOK', 'ORDER']],
]

const WORDS = 'rain tea harbour lamp violin copper meadow seven quiet north paper winter'.split(' ')

function makeSay(random: Random, id: string, place: Pick<Say, 'at' | 'room' | 'person'>): Say {
  const api = random.whole(0, APIS - 1)
  const words = Array.from({ length: random.whole(1, 14) }, () => random.pick(WORDS)).join(' ')
  return {
    ...{ kind: 'say', id, ...place, api },
    text: `[${id}] ${words}`,
    overlap: random.weighted(POLICIES),
    transport: random.weighted([
      [6, 'websocket'],
      [2, 'http'],
      [2, 'sse'],
    ]),
    repeats: random.chance(0.15) ? [makeRepeat(random, api)] : [],
    actions: [...random.weighted(ACTIONS)],
    moods: makeMoods(random),
    approval: random.chance(0.8) ? makeApproval(random) : null,
  }
}

/** At the same moment through the other api, or later through any. */
const makeRepeat = (random: Random, api: number) =>
  random.chance(0.5)
    ? { afterMs: 0, api: (api + 1) % APIS }
    : { afterMs: random.whole(50, 4_000), api: random.whole(0, APIS - 1) }

const makeApproval = (random: Random) => ({
  decision: random.chance(0.7) ? ('approve' as const) : ('deny' as const),
  afterMs: random.whole(0, 6_000),
  isContested: random.chance(0.25),
})

const makeCancel = (random: Random, { id, at }: Say): Op => ({
  kind: 'cancel',
  at: at + random.whole(0, 4_000),
  message: id,
  api: random.whole(0, APIS - 1),
  partial: random.chance(0.5) ? 'keep' : 'retract',
})
