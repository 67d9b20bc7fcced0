import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type House, openHouse } from '../support/e2e-house.ts'
import {
  type AnthropicScript,
  type StubAnthropic,
  startStubAnthropic,
} from '../support/stub-anthropic.ts'
import { reply, requestsFor } from './answers.ts'
import { type Client, createClient, type Trace } from './client.ts'
import { until } from './until.ts'

/** The first vendor's bad day, hour by hour. */
const FAULTS: Readonly<Record<string, AnthropicScript>> = {
  'refuses the key (401)': () => ({ kind: 'error', error: 'bad-key' }),
  'is overloaded': () => ({ kind: 'error', error: 'overloaded' }),
  'answers a web page': () => ({ kind: 'page', status: 200 }),
  'hangs up before it answers': () => ({ kind: 'break' }),
  'breaks off in its thoughts': () => ({
    ...{ kind: 'text', chunks: ['<response>\n<thou', 'ght>Let me'], ending: 'break' },
  }),
  // Last: it is obeyed, and nobody asks in the meantime.
  'wants no more requests for a second (429)': () => ({
    ...{ kind: 'error', error: 'rate-limit', retryAfterSeconds: 1 },
  }),
}

const KEY = 'sk-ant-a-key-that-nobody-may-see-4711'

let first: StubAnthropic
let house: House
let client: Client

beforeAll(async () => {
  first = await startStubAnthropic()
  house = await openHouse({
    env: {
      ANTHROPIC_API_KEY: KEY,
      ANTHROPIC_BASE_URL: first.url,
      // Each of the faults shall reach the first vendor: a breaker would spare it after some.
      TURNKEEPER_BREAKER_FAILURES: '0',
    },
  })
  const [api] = await Promise.all([house.startApi(), house.startWorker()])
  client = createClient(api.url)
})

afterAll(async () => {
  await house.close()
  await first.close()
})

const vendorsOf = ({ modelCalls }: Trace) =>
  modelCalls.map(({ vendor, state, attempt }) => ({ vendor, state, attempt }))

describe('when the first vendor', () => {
  it('breaks off in the middle of a sentence, the second finishes it', async () => {
    const whole =
      '<response><thought>A tale.</thought><actions>REPLY</actions><text>Once upon a time there'
    first.script(() => ({
      kind: 'text',
      chunks: [whole, ' is lost with the socket'],
      pauseMs: 300,
      ending: 'break',
    }))
    const rest = { kind: 'text', text: ' was a fox.</text></response>' } as const
    house.answer((_body, n) => (n === 1 ? rest : reply('The second one answers.')))
    const channel = randomUUID()
    const { turn } = await client.say(channel, 'Tell me a story.')
    expect(await client.replies(channel)).toEqual(['Once upon a time there was a fox.'])
    expect(vendorsOf(await client.trace(turn.id)).map(({ vendor }) => vendor)).toEqual([
      'anthropic',
      'openai',
    ])
  })

  it.each(Object.keys(FAULTS))('%s, the second answers, once', async (name) => {
    const script = FAULTS[name]
    if (script) first.script(script)
    const asked = first.requests().length
    const channel = randomUUID()
    const message = `What if the first vendor ${name}?`
    const { turn } = await client.say(channel, message)

    expect(turn.state).toBe('replied')
    expect(await client.replies(channel)).toEqual(['The second one answers.'])
    const trace = await client.trace(turn.id)
    expect(vendorsOf(trace)).toEqual([
      { vendor: 'anthropic', state: 'unknown', attempt: 1 },
      { vendor: 'openai', state: 'complete', attempt: 1 },
    ])
    expect(first.requests().length - asked).toBe(1)
    expect(requestsFor(house.stub, message)).toHaveLength(1)
    expect(JSON.stringify(trace)).not.toContain(KEY)
  })

  it('is well again, it answers again', async () => {
    first.script(() => ({
      ...{ kind: 'text', chunks: [reply('The first one is back.').text] },
    }))
    const answered = await until('an answer of the first vendor', async () => {
      const { turn } = await client.say(randomUUID(), 'Are you there?')
      return vendorsOf(await client.trace(turn.id)).find(({ vendor }) => vendor === 'anthropic')
    })
    expect(answered).toMatchObject({ state: 'complete' })
  })
})
