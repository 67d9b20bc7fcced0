import { randomUUID } from 'node:crypto'
import { say } from '../client.ts'
import { type Figure, percentile, round } from '../figures.ts'
import type { House } from '../house.ts'

const ROOMS = 16

/** Sixteen rooms at once, each with one sender who waits for every reply. */
export async function measureRooms(house: House, seconds: number): Promise<Figure[]> {
  await Promise.all(Array.from({ length: ROOMS }, () => talk(house, 3_000)))
  const began = performance.now()
  const times = (
    await Promise.all(Array.from({ length: ROOMS }, () => talk(house, seconds * 1000)))
  ).flat()
  const rate = round(times.length / ((performance.now() - began) / 1000), 1)
  const p50 = round(percentile(times, 0.5))
  return [
    {
      what: '16 rooms at once',
      budget: '≥ 30 turns/s, p50 ≤ 350 ms',
      measured: `${rate} turns/s, p50 ${p50} ms, p99 ${round(percentile(times, 0.99))} ms`,
      isMet: rate >= 30 && p50 <= 350,
      numbers: { turnsPerSecond: rate, p50, turns: times.length },
    },
  ]
}

async function talk(house: House, forMs: number): Promise<number[]> {
  const channel = randomUUID()
  const until = performance.now() + forMs
  const times: number[] = []
  while (performance.now() < until) times.push((await say(house, channel, 'hello')).ms)
  return times
}
