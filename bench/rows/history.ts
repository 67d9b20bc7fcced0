import { randomUUID } from 'node:crypto'
import { say } from '../client.ts'
import type { Figure } from '../figures.ts'
import { getJson, type House } from '../house.ts'

/** Events and bytes of an ordinary turn's history, read back from Temporal. */
export async function measureHistory(house: House): Promise<Figure[]> {
  const { turnId } = await say(house, randomUUID(), 'hello')
  const { data } = await getJson<{ data: { history: { events: unknown[] } } }>(
    `${house.url}/api/turns/${turnId}/history`,
  )
  const events = data.history.events.length
  const kib = Number((Buffer.byteLength(JSON.stringify(data.history)) / 1024).toFixed(1))
  return [
    {
      what: 'history of an ordinary turn',
      budget: '≤ 24 events, ≤ 20 KiB',
      measured: `${events} events, ${kib} KiB as JSON`,
      isMet: events <= 24 && kib <= 20,
      numbers: { events, kib },
    },
  ]
}
