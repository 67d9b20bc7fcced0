import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { OverlapPolicy } from '../../schema/turn.ts'
import { type House, openHouse } from '../support/e2e-house.ts'
import { json } from '../support/json-request.ts'
import { heldReply, messageIn, reply, requestFor, requestsFor } from './answers.ts'
import { type Client, createClient, posted } from './client.ts'
import { type Following, follow } from './following.ts'
import { until } from './until.ts'
import { createWorkerPool } from './worker-pool.ts'

let house: House
/** Two API processes: what one accepts the other may cancel. */
let client: Client
let other: Client
const workers = createWorkerPool(() => house)

beforeAll(async () => {
  house = await openHouse()
  const [api, second] = await Promise.all([house.startApi(), house.startApi(), workers.start(2)])
  client = createClient(api.url)
  other = createClient(second.url)
})

afterAll(() => house.close())

/** Answers with the message, backwards in time: what is asked first can be held. */
function answerWith(answers: Readonly<Record<string, ReturnType<typeof reply>>>): void {
  house.answer((body) => {
    const asked = messageIn(JSON.stringify(body.messages).replaceAll('\\n', '\n')) ?? ''
    return answers[asked] ?? reply(`Re: ${asked.replaceAll('\n', ' + ')}`)
  })
}

interface Begun {
  readonly channel: string
  readonly question: string
  readonly turnId: string
  readonly following: Following
}

/** A question whose answer has begun, and goes on when `release` says so. */
async function begin(release?: Promise<void>): Promise<Begun> {
  const channel = randomUUID()
  const question = `Tell me ${randomUUID()}`
  answerWith({ [question]: heldReply('Once upon a time there was.', release) })
  const following = follow(await client.post(channel, question, { transport: 'sse' }))
  const { data } = await following.next('chunk')
  return { channel, question, turnId: String(data.turnId), following }
}

const ask = async (channel: string, content: string, overlap: OverlapPolicy, from = client) =>
  posted(await from.post(channel, content, { overlap }), 201)

const aborted = async (question: string) => {
  const { n } = await requestFor(house.stub, question)
  return (await house.stub.ended(n)).state
}

describe('a message that comes while the agent speaks', () => {
  it('interrupts it: what was said stays, and the message is answered next', async () => {
    const { channel, question, turnId, following } = await begin()
    const answered = await ask(channel, 'Shorter!', 'interrupt', other)

    expect(answered.agentResponse?.text).toBe('Re: Shorter!')
    expect(await aborted(question)).toBe('aborted')
    const turn = await client.settled(turnId)
    expect(turn).toMatchObject({ state: 'superseded', answeredBy: answered.turnId })
    expect(turn.reply).toMatchObject({ interrupted: true })
    expect(await client.replies(channel)).toEqual([following.shown(), 'Re: Shorter!'])
    await following.ended
    expect(following.events.at(-1)).toMatchObject({
      ...{ event: 'error', data: { error: 'superseded', text: following.shown() } },
    })
  })

  it('rolls it back: what it had not shown for good is gone', async () => {
    const { channel, question, turnId, following } = await begin()
    await ask(channel, 'Never mind, what time is it?', 'rollback')

    expect(await aborted(question)).toBe('aborted')
    expect(await client.settled(turnId)).toMatchObject({ state: 'superseded', reply: null })
    expect(await client.replies(channel)).toEqual(['Re: Never mind, what time is it?'])
    await following.ended
    expect(following.events.at(-1)?.data).toMatchObject({ error: 'superseded', text: null })
  })

  it('takes the place of all that waits, when only the latest counts', async () => {
    const { channel, turnId } = await begin()
    const waiting = await client.drop(channel, 'one')
    const answered = await ask(channel, 'two', 'latest')

    expect(answered.agentResponse?.text).toBe('Re: two')
    for (const id of [turnId, waiting]) {
      const { state, answeredBy } = await client.settled(id)
      expect({ state, answeredBy }).toEqual({ state: 'superseded', answeredBy: answered.turnId })
    }
    expect(await client.replies(channel)).toEqual(['Re: two'])
  })

  it('is refused, when the room does not queue', async () => {
    const released = Promise.withResolvers<void>()
    const { channel, turnId } = await begin(released.promise)
    const refused = await ask(channel, 'And?', 'reject')
    expect(refused.turn).toMatchObject({ state: 'rejected', code: 'room_busy' })
    expect(refused.agentResponse).toBeNull()
    released.resolve()
    await client.settled(turnId)
    expect(await client.replies(channel)).toHaveLength(1)
    expect(requestsFor(house.stub, 'And?')).toEqual([])
  })

  it('steers it: the same turn speaks on, and whoever sent the message gets that answer', async () => {
    const released = Promise.withResolvers<void>()
    const { channel, turnId, following } = await begin(released.promise)
    const steering = ask(channel, 'With a dragon, please', 'steer')
    await until('the message to be accepted', async () =>
      (await client.messages(channel)).length === 2 ? true : undefined,
    )
    released.resolve()

    const answered = await steering
    expect(answered.turn.state).toBe('merged')
    expect(answered.agentResponse?.text).toBe('Re: With a dragon, please')
    const turn = await client.settled(turnId)
    expect(turn.steps.map(({ step }) => step)).toEqual(
      expect.arrayContaining(['decide', 'steer:1', 'composeState:2', 'decide:2', 'settle']),
    )
    expect((await client.trace(answered.turnId)).answeredBy).toBe(turnId)
    expect(await client.replies(channel)).toEqual([
      ...['Once upon a time there was.', 'Re: With a dragon, please'],
    ])
    const [second] = requestsFor(house.stub, 'With a dragon, please')
    expect(JSON.stringify(second?.body)).toContain('Once upon a time there was.')
    await following.ended
    expect(following.events.at(-1)?.data.text).toBe('Re: With a dragon, please')
  })
})

it('a burst of messages is answered once, and all who wait get that answer', async () => {
  answerWith({})
  const channel = randomUUID()
  const overlap = { policy: 'merge', burstMs: 1_000 } as const
  const said: Promise<Response>[] = []
  for (const [index, text] of ['I have', 'one', 'question'].entries()) {
    said.push((index % 2 ? other : client).post(channel, text, { overlap }))
    await until('it is accepted', async () => {
      const known = await client.get(`/api/messaging/channels/${channel}/messages`)
      const body = known.ok ? await client.messages(channel) : []
      return body.length > index ? true : undefined
    })
  }
  const answers = await Promise.all(said.map(async (response) => posted(await response, 201)))
  const texts = answers.map(({ agentResponse }) => agentResponse?.text)
  expect(texts).toEqual(Array(3).fill('Re: I have + one + question'))
  expect(answers.map(({ turn }) => turn.state)).toEqual(['replied', 'merged', 'merged'])
  expect(await client.replies(channel)).toHaveLength(1)
  expect(requestsFor(house.stub, 'I have\none\nquestion')).toHaveLength(1)
})

describe.each([
  ['keep', true],
  ['retract', false],
] as const)('a turn that is cancelled with %s, on another process', (partial, keeps) => {
  it('stops its model call, and its stream ends', async () => {
    const { channel, question, turnId, following } = await begin()
    const path = `${other.url}/api/turns/${turnId}/cancel`
    const answer = await fetch(path, json({ partial }))
    expect([200, 202]).toContain(answer.status)

    expect(await aborted(question)).toBe('aborted')
    const turn = await client.settled(turnId)
    expect(turn).toMatchObject({ state: 'cancelled', code: 'cancelled_by_user' })
    expect(turn.modelCalls.map(({ state }) => state)).toEqual(['cut'])
    await following.ended
    expect(following.events.at(-1)?.data.error).toBe('cancelled_by_user')
    expect(await client.replies(channel)).toEqual(keeps ? [following.shown()] : [])
    const next = await client.say(channel, 'Still there?')
    expect(next.agentResponse?.text).toBe('Re: Still there?')
  })
})

it('the policy of an agent, of a channel and of a message win in this order', async () => {
  answerWith({})
  const { agentId } = await client.trace(await client.drop(randomUUID(), 'who?'))
  const patch = (path: string, body: object) =>
    fetch(client.url + path, json(body, { method: 'PATCH' })).then((answer) => answer.status)
  const policyOf = async (channel: string, overlap?: OverlapPolicy) => {
    const { turnId } = await posted(
      await client.post(channel, 'hi', { transport: 'websocket', overlap }),
      201,
    )
    return (await client.settled(turnId)).policy
  }
  const channel = randomUUID()
  expect(await policyOf(channel)).toBe('enqueue')
  await patch(`/api/agents/${agentId}`, { settings: { overlap: 'steer' } })
  expect(await policyOf(channel)).toBe('steer')
  const { roomId } = await client.trace(await client.drop(channel, 'where?'))
  expect(await patch(`/api/agents/${agentId}/rooms/${roomId}`, { overlap: 'interrupt' })).toBe(200)
  expect(await policyOf(channel)).toBe('interrupt')
  const metadata = { overlap: { policy: 'merge', burstMs: 1 } }
  expect(await patch(`/api/messaging/channels/${channel}`, { metadata })).toBe(200)
  expect(await policyOf(channel)).toBe('merge')
  expect(await policyOf(channel, 'latest')).toBe('latest')
  expect(await patch(`/api/agents/${agentId}/rooms/${roomId}`, { overlap: 'newest' })).toBe(400)
  await patch(`/api/agents/${agentId}`, { settings: {} })
})
