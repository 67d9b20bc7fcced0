import type { Mood } from './plan.ts'
import type { Random } from './random.ts'

/** How the vendor takes the calls that answer one message: mostly well. */
export function makeMoods(random: Random): Mood[] {
  if (random.chance(0.7)) return [good(random)]
  const bad = Array.from({ length: random.chance(0.75) ? 1 : 2 }, () => makeBad(random))
  return [...bad, good(random)]
}

const good = (random: Random): Mood => ({
  kind: 'good',
  firstMs: random.chance(0.8) ? random.whole(0, 300) : random.whole(500, 3_000),
  tokenMs: random.chance(0.7) ? random.whole(0, 30) : random.whole(100, 400),
  usage: random.chance(0.9),
})

const GARBAGE = [
  '',
  '<response><thought>Hm.</thought></response>',
  '{"text": "broken',
  '<think>No.',
]

function makeBad(random: Random): Mood {
  return random.weighted<() => Mood>([
    [3, () => ({ kind: 'cut', afterChunks: random.whole(0, 12) })],
    [3, () => ({ kind: 'status', status: 429, retryAfterS: random.whole(0, 2) })],
    [2, () => ({ kind: 'status', status: random.pick([500, 502, 503, 408]) })],
    [2, () => ({ kind: 'refuse' })],
    [2, () => ({ kind: 'garbage', text: random.pick(GARBAGE) })],
    [2, () => ({ kind: 'pause', afterFirstMs: random.whole(2_000, 8_000) })],
    // Nothing can be done about it: the turn fails.
    [0.6, () => ({ kind: 'status', status: 400 })],
  ])()
}
