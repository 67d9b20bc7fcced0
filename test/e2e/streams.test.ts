import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type House, openHouse } from '../support/e2e-house.ts'
import { heldReply, reply, requestFor, requestsFor } from './answers.ts'
import { type Client, createClient, posted } from './client.ts'
import { type Following, follow } from './following.ts'
import { until } from './until.ts'

const WORDS = Array.from({ length: 60 }, (_, index) => `word ${index}`).join(', ')

/** On `hasty`, a request over http waits for half a second only. */
let house: House
let client: Client
let hasty: Client

beforeAll(async () => {
  house = await openHouse()
  const [first, second] = await Promise.all([
    house.startApi(),
    house.startApi({ TURNKEEPER_HTTP_WAIT_MS: '500' }),
    house.startWorker(),
  ])
  client = createClient(first.url)
  hasty = createClient(second.url)
})

afterAll(() => house.close())

/** The model shows the beginning of its answer, and the rest after `release`. */
function holdReply(text: string) {
  const { promise, resolve: release } = Promise.withResolvers<void>()
  house.answer(() => heldReply(text, promise))
  return release
}

const fresh = () => ({ channel: randomUUID(), message: `Tell me. ${randomUUID()}` })

/** The text of all chunks; each must be the next one. */
function textOf(parts: readonly Following[]): string {
  const chunks = parts.flatMap(({ events }) => events).filter(({ event }) => event === 'chunk')
  expect(chunks.map(({ data }) => data.index)).toEqual(chunks.map((_, index) => index))
  return chunks.map(({ data }) => data.chunk).join('')
}

describe('the stream of a turn, with the api and the worker as processes of their own', () => {
  it('shows a token before the model writes the next one', async () => {
    const { channel, message } = fresh()
    const release = holdReply('First this, and then that.')
    const following = follow(await client.post(channel, message, { transport: 'sse' }))
    const { data } = await following.next('chunk')
    const [request] = requestsFor(house.stub, message)
    expect(request?.state).toBe('open')
    expect('First this, and then that.').toMatch(new RegExp(`^${data.chunk}.`))
    release()
    await following.ended
    expect(following.shown()).toBe('First this, and then that.')
    expect(following.events.at(-1)).toMatchObject({ event: 'done', data: { state: 'replied' } })
  })

  it('goes on at another api process where it was cut, without a gap or a repeat', async () => {
    const { channel, message } = fresh()
    house.answer(() => ({ ...reply(WORDS), chunkSize: 8, tokenMs: 20 }))
    const parts: Following[] = []
    let turnId = ''
    for (const api of [client, hasty, client]) {
      const hangUp = new AbortController()
      const { signal } = hangUp
      const last = parts.at(-1)?.events.at(-1)?.id
      const response = last
        ? await api.resume(turnId, last, signal)
        : await api.post(channel, message, { transport: 'sse', signal })
      const part = follow(response)
      parts.push(part)
      if (parts.length === 3) break
      const { data } = await until('five chunks', () => part.events[5])
      turnId = String(data.turnId)
      hangUp.abort()
      await part.ended.catch(() => undefined)
    }
    await parts.at(-1)?.ended
    expect(textOf(parts)).toBe(WORDS)
    expect(parts.at(-1)?.events.at(-1)).toMatchObject({ event: 'done', data: { text: WORDS } })
    expect(requestsFor(house.stub, message)).toHaveLength(1)
  })

  it('is complete for who comes back after its end', async () => {
    const { channel, message } = fresh()
    house.answer(() => reply(WORDS))
    const { turnId } = await client.say(channel, message)
    const late = follow(await hasty.resume(turnId, '1.1.0'))
    await late.ended
    expect(late.events.at(-1)).toMatchObject({ event: 'done', data: { text: WORDS } })
  })
})

describe('a message that is sent twice with one Idempotency-Key', () => {
  it('joins the turn that runs, on the other api process and over another transport', async () => {
    const { channel, message } = fresh()
    const headers = { 'idempotency-key': randomUUID() }
    const release = holdReply('Said once.')
    const first = follow(await hasty.post(channel, message, { transport: 'sse', headers }))
    await first.next('chunk')
    const repeated = follow(await client.post(channel, message, { transport: 'sse', headers }))
    const waiting = client.say(channel, message, headers)
    await repeated.next('chunk')
    release()
    const [answered] = await Promise.all([waiting, first.ended, repeated.ended])
    expect(answered).toMatchObject({ agentResponse: { text: 'Said once.' } })
    expect([first.shown(), repeated.shown()]).toEqual(['Said once.', 'Said once.'])
    const turns = [first, repeated].map(({ events }) => events.at(-1)?.data.turnId)
    expect(turns).toEqual([answered.turnId, answered.turnId])
    expect(await client.replies(channel)).toEqual(['Said once.'])
    expect(requestsFor(house.stub, message)).toHaveLength(1)
  })

  it('is refused with 422 when it says something else', async () => {
    const { channel, message } = fresh()
    const headers = { 'idempotency-key': randomUUID() }
    house.answer(() => reply('Yes.'))
    await client.say(channel, message, headers)
    const other = await hasty.post(channel, `${message} Or not?`, { headers })
    expect(other.status).toBe(422)
    expect(await client.replies(channel)).toEqual(['Yes.'])
  })
})

describe('a message over http', () => {
  it('is answered with the reply', async () => {
    const { channel, message } = fresh()
    house.answer(() => reply('Gladly.'))
    const answer = await client.say(channel, message)
    expect(answer).toMatchObject({
      turn: { state: 'replied' },
      agentResponse: { text: 'Gladly.' },
      userMessage: { content: message },
    })
  })

  it('is answered with 202 when the wait is over, and has its reply later', async () => {
    const { channel, message } = fresh()
    const headers = { 'idempotency-key': randomUUID() }
    const release = holdReply('At last.')
    const early = await posted(await hasty.post(channel, message, { headers }), 202)
    expect(early.agentResponse).toBeNull()
    expect(['queued', 'running']).toContain(early.turn.state)
    expect(await client.replies(channel)).toEqual([])
    release()
    const turn = await client.settled(early.turnId)
    expect(turn.reply).toMatchObject({ text: 'At last.' })
    const late = await hasty.say(channel, message, headers)
    expect(late).toMatchObject({ turnId: early.turnId, agentResponse: { text: 'At last.' } })
  })
})

describe('a message without a transport', () => {
  it('is answered before the model is', async () => {
    const { channel, message } = fresh()
    const release = holdReply('Later.')
    const turnId = await client.drop(channel, message)
    expect(await requestFor(house.stub, message)).toMatchObject({ state: 'open' })
    expect((await client.trace(turnId)).reply).toBeNull()
    release()
    expect((await client.settled(turnId)).reply).toMatchObject({ text: 'Later.' })
  })
})
