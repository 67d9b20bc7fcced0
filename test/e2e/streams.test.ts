import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { type House, openHouse } from '../support/e2e-house.ts'
import { type Client, createClient } from './client.ts'

let house: House
let a: Client
beforeAll(async () => {
  house = await openHouse()
  const [api] = await Promise.all([house.startApi(), house.startWorker()])
  a = createClient(api.url)
})
afterAll(() => house.close())
it('x', async () => {
  const channel = randomUUID()
  const t = performance.now()
  const p = await a.say(channel, 'hi')
  console.log(
    performance.now() - t,
    p,
    JSON.stringify(await a.trace(p.turnId), null, 1),
    JSON.stringify(await a.history(p.turnId)).length,
  )
})
