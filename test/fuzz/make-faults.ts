import { CREW, type Fault, type Op } from './plan.ts'
import type { Random } from './random.ts'

/** Processes, servers and wires fail independently of each other, until the end. */
export const makeFaults = (random: Random, forMs: number): Op[] => [
  ...repeated(random, { first: [2_000, 5_000], gap: [3_000, 6_000], forMs }, processFault),
  ...repeated(random, { first: [4_000, 8_000], gap: [5_000, 10_000], forMs }, (r) => ({
    fault: 'postgres',
    how: r.weighted([
      [5, 'immediate'],
      [3, 'fast'],
      [2, 'freeze'],
    ]),
    forMs: r.whole(0, 3_000),
  })),
  ...repeated(random, { first: [10_000, 20_000], gap: [20_000, 40_000], forMs }, (r) => ({
    fault: 'temporal',
    how: r.chance(0.6) ? 'stop' : 'kill',
    forMs: r.whole(0, 3_000),
  })),
  ...repeated(random, { first: [3_000, 9_000], gap: [8_000, 16_000], forMs }, (r) => ({
    fault: 'platform',
    how: r.chance(0.5) ? 'lose' : 'slow',
    forMs: r.whole(200, 2_500),
  })),
]

interface Rhythm {
  readonly first: readonly [least: number, most: number]
  readonly gap: readonly [least: number, most: number]
  readonly forMs: number
}

function repeated(random: Random, rhythm: Rhythm, make: (random: Random) => Fault): Op[] {
  const ops: Op[] = []
  let at = random.whole(...rhythm.first)
  while (at < rhythm.forMs) {
    ops.push({ kind: 'fault', at, what: make(random) })
    at += random.whole(...rhythm.gap)
  }
  return ops
}

function processFault(random: Random): Fault {
  const who = random.pick(CREW)
  return random.weighted<() => Fault>([
    [4, () => ({ fault: 'kill', who, downMs: random.whole(0, 3_000) })],
    [1.5, () => ({ fault: 'term', who, downMs: random.whole(0, 3_000) })],
    [2.5, () => ({ fault: 'pause', who, forMs: random.whole(500, 7_000) })],
    [
      2,
      () => ({
        ...{ fault: 'cut', who, forMs: random.whole(100, 3_000) },
        wire: random.chance(0.5) ? 'postgres' : 'temporal',
      }),
    ],
  ])()
}
