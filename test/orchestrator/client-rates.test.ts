import { expect, it } from '@jest/globals'
import { limitClients } from '../../orchestrator/client-rates.ts'

/** Requests of addresses, at times of our own. */
function door() {
  const clock = { now: 0 }
  const passed: string[] = []
  const fetch = limitClients(
    (request) => {
      passed.push(request.url)
      return new Response('fine')
    },
    () => clock.now,
  )
  type Env = Parameters<typeof fetch>[1]
  const ask = async (remoteAddress: string) => {
    const env = { incoming: { socket: { remoteAddress } } } as Env // all that is read of it
    return (await fetch(new Request('http://localhost/api'), env)) as Response
  }
  return { clock, passed, ask }
}

it('an address is refused beyond 1,000 requests, told when to come back, and others are not', async () => {
  const { clock, passed, ask } = door()
  for (let n = 0; n < 1_000; n += 1) expect((await ask('10.0.0.1')).status).toBe(200)
  clock.now = 60_000
  const refused = await ask('10.0.0.1')
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '840'])
  expect(await refused.json()).toMatchObject({ error: { code: 'RATE_LIMITED' } })
  expect(passed).toHaveLength(1_000)
  expect((await ask('10.0.0.2')).status).toBe(200)
})

it('it may ask again when its 15 minutes are over', async () => {
  const { clock, ask } = door()
  for (let n = 0; n < 1_001; n += 1) await ask('10.0.0.1')
  clock.now = 15 * 60_000 - 1
  expect((await ask('10.0.0.1')).status).toBe(429)
  clock.now = 15 * 60_000
  expect((await ask('10.0.0.1')).status).toBe(200)
})
