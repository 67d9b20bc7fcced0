import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { drop, say, trace } from '../client.ts'
import { type Figure, round } from '../figures.ts'
import type { House } from '../house.ts'

/** `kill -9` of the only process in mid-answer, and its restart: from the kill to the reply. */
export async function measureRecovery(house: House, release: () => void): Promise<Figure[]> {
  const turnId = await drop(house, randomUUID(), 'hello')
  await house.stub.received(house.stub.requests().length + 1)
  const killed = performance.now()
  await house.kill()
  await house.start()
  const restarted = performance.now()
  const answering = setInterval(release, 5) // the repeated call is answered at once
  await settled(house, turnId)
  clearInterval(answering)
  const total = round((performance.now() - killed) / 1000, 1)
  const start = round((restarted - killed) / 1000, 1)
  return [
    {
      what: 'kill -9 of the only process in mid-answer → reply (restart included)',
      budget: '≤ 10 s',
      measured: `${total} s, of which ${start} s until it was ready again`,
      isMet: total <= 10,
      numbers: { totalSeconds: total, startSeconds: start },
    },
  ]
}

/** Cancel of a turn whose model call runs: until the vendor's socket is closed. */
export async function measureCancel(house: House): Promise<Figure[]> {
  const times: number[] = []
  for (let n = 0; n < 5; n += 1) {
    const next = house.stub.requests().length + 1
    const turnId = await drop(house, randomUUID(), 'hello')
    await house.stub.received(next)
    const began = performance.now()
    await fetch(`${house.url}/api/turns/${turnId}/cancel`, { method: 'POST' })
    await house.stub.ended(next)
    times.push(performance.now() - began)
    await settled(house, turnId)
  }
  const worst = round(Math.max(...times))
  return [
    {
      what: 'cancel → the model call is aborted',
      budget: '≤ 1 s',
      measured: `worst of ${times.length}: ${worst} ms`,
      isMet: worst <= 1000,
      numbers: { worstMs: worst },
    },
  ]
}

/** A start with everything in place, to the first reply. */
export async function measureWarmStart(house: House): Promise<Figure[]> {
  await house.kill()
  const began = performance.now()
  await house.start()
  await say(house, randomUUID(), 'hello')
  const seconds = round((performance.now() - began) / 1000, 1)
  return [
    {
      what: 'warm start to the first reply',
      budget: '≤ 8 s',
      measured: `${seconds} s`,
      isMet: seconds <= 8,
      numbers: { seconds },
    },
  ]
}

async function settled(house: House, turnId: string): Promise<void> {
  while ((await trace(house, turnId)).settledAt === null) await delay(20)
}
