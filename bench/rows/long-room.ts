import { randomUUID } from 'node:crypto'
import { drop, say } from '../client.ts'
import { type Figure, percentile, round } from '../figures.ts'
import type { House } from '../house.ts'

/** A room with thousands of messages against an empty one, measured in turn within one run. */
export async function measureLongRoom(
  house: House,
  messages: number,
  turns: number,
): Promise<Figure[]> {
  const long = randomUUID()
  await fill(house, long, messages / 2) // each turn leaves two: the message and the reply
  const empty = randomUUID()
  const times = { long: [] as number[], empty: [] as number[] }
  for (let n = 0; n < turns; n += 1) {
    times.long.push((await say(house, long, 'hello')).ms)
    times.empty.push((await say(house, n % 10 === 0 ? randomUUID() : empty, 'hello')).ms)
  }
  const [inLong, inEmpty] = [percentile(times.long, 0.5), percentile(times.empty, 0.5)]
  const ratio = round(inLong / inEmpty, 2)
  return [
    {
      what: `a room with ${messages} messages`,
      budget: 'within 10 % of an empty one',
      measured: `${ratio} times (p50 ${round(inLong, 1)} and ${round(inEmpty, 1)} ms)`,
      isMet: ratio <= 1.1,
      numbers: { ratio, longMs: round(inLong, 1), emptyMs: round(inEmpty, 1) },
    },
  ]
}

/** Without waiting for each reply; the last one is waited for, and the queue is in order. */
async function fill(house: House, channel: string, turns: number): Promise<void> {
  for (let n = 0; n < turns; n += 25) {
    await Promise.all(Array.from({ length: 24 }, () => drop(house, channel, 'a line of talk')))
    await say(house, channel, 'a line of talk')
  }
}
