import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { type House, openHouse, type Worker } from '../support/e2e-house.ts'
import type { Answer } from '../support/stub-openai.ts'
import { heldReply, reply, requestFor, requestsFor } from './answers.ts'
import { type Client, createClient, type Trace } from './client.ts'
import { type Following, follow } from './following.ts'
import { eventsOf } from './history.ts'
import { until } from './until.ts'
import { createWorkerPool } from './worker-pool.ts'

/** The budget is 10 s without the model's own time; a test's machine may be busy. */
const LIMIT_MS = 30_000

const WHOLE = 'The whole answer.'

let house: House
let client: Client
const workers = createWorkerPool(() => house)

beforeAll(async () => {
  house = await openHouse()
  const [api] = await Promise.all([house.startApi(), workers.start(2)])
  client = createClient(api.url)
})

afterAll(() => house.close())

interface Asked {
  readonly message: string
  readonly channel: string
  readonly turnId: string
  readonly following: Following
}

/** Says something new, and waits until the person sees the beginning of an answer. */
async function ask(): Promise<Asked> {
  const message = `Who is there? ${randomUUID()}`
  const channel = randomUUID()
  const following = follow(await client.post(channel, message, { transport: 'sse' }))
  const { data } = await following.next('chunk')
  return { message, channel, turnId: String(data.turnId), following }
}

/** The first request gets half of an answer, and the rest when `release` says so; later ones a whole. */
function holdFirst(release?: Promise<void>): void {
  let requests = 0
  house.answer(() => {
    requests += 1
    return requests === 1 ? heldReply('Half of an answer.', release) : reply(WHOLE)
  })
}

const callsOf = ({ modelCalls }: Trace) =>
  modelCalls.map(({ attempt, state }) => `${attempt} ${state}`)

const names = ({ following }: Asked) => following.events.map(({ event }) => event)

/** What must be true whatever died in the first call: the second one is the reply, once. */
async function expectOneReply(asked: Asked): Promise<Trace> {
  const { channel, turnId, following, message } = asked
  const turn = await client.settled(turnId, LIMIT_MS)
  await following.ended
  expect(turn).toMatchObject({ state: 'replied', code: null, gen: 1, reply: { text: WHOLE } })
  expect(await client.replies(channel)).toEqual([WHOLE])
  expect(following.shown()).toBe(WHOLE)
  expect(names(asked).filter((name) => name !== 'chunk')).toEqual([
    ...['user_message', 'restart', 'done'],
  ])
  expect(following.events.at(-1)?.data).toMatchObject({ text: WHOLE })
  expect(callsOf(turn)).toEqual(['1 unknown', expect.stringMatching(/^[2-9] complete$/)])
  expect(requestsFor(house.stub, message)).toHaveLength(2)
  return turn
}

const report = (what: string, since: number) =>
  process.stderr.write(`${what}: reply after ${Date.now() - since} ms\n`)

describe('a turn whose worker is killed', () => {
  beforeEach(() => workers.start(2))

  it('in the middle of its model call is answered once, by the other worker', async () => {
    holdFirst()
    const asked = await ask()
    const request = await requestFor(house.stub, asked.message)
    const killedAt = Date.now()
    await workers.end(workers.callerOf(request), 'SIGKILL')
    await expectOneReply(asked)
    report('kill -9 in the model call', killedAt)
    const [first, second] = requestsFor(house.stub, asked.message)
    expect(first).toMatchObject({ n: request.n, state: 'aborted' })
    expect(second?.state).toBe('answered')
    expect(second?.body.model).not.toBe(request.body.model)
  })

  it('while another one has its model call is answered once, from that call', async () => {
    const { message, channel, turnId, holder, release } = await askApart()
    const calls = requestsFor(house.stub, message).length
    const killedAt = Date.now()
    await workers.end(holder, 'SIGKILL')
    release()
    const turn = await client.settled(turnId, LIMIT_MS)
    report('kill -9 of the cache', killedAt)
    expect(turn).toMatchObject({ state: 'replied', gen: 1, reply: { text: WHOLE } })
    expect(await client.replies(channel)).toEqual([WHOLE])
    expect(callsOf(turn).at(-1)).toBe(`${calls} complete`)
    expect(requestsFor(house.stub, message)).toHaveLength(calls)
  })

  it('with nobody else there is answered once, when a worker is started', async () => {
    const [spare] = workers.all()
    if (spare) await workers.end(spare, 'SIGTERM')
    holdFirst()
    const asked = await ask()
    const killedAt = Date.now()
    for (const worker of workers.all()) await workers.end(worker, 'SIGKILL')
    await workers.start(1)
    await expectOneReply(asked)
    report('kill -9 of the only worker, and a start', killedAt)
  })
})

describe('a worker that is paused until another one has answered', () => {
  it('changes nothing when it wakes up', async () => {
    await workers.start(2)
    const { promise: woken, resolve: wake } = Promise.withResolvers<void>()
    holdFirst(woken)
    const asked = await ask()
    const request = await requestFor(house.stub, asked.message)
    const zombie = workers.callerOf(request)
    const pausedAt = Date.now()
    zombie.signal('SIGSTOP')
    const before = await expectOneReply(asked)
    report('SIGSTOP in the model call', pausedAt)
    wake()
    // Its answer waits for it, complete.
    await house.stub.ended(request.n)
    zombie.signal('SIGCONT')
    await until('the zombie ends its call', async () => {
      const [first] = callsOf(await client.trace(asked.turnId))
      return first === '1 unknown' ? undefined : first
    })
    // It ends when its steps have ended.
    await workers.end(zombie, 'SIGTERM')
    const after = await client.trace(asked.turnId)
    // Its own row of the ledger is all that it may write: that call is on the bill.
    expect(after).toEqual({ ...before, modelCalls: [expect.anything(), before.modelCalls[1]] })
    expect(await client.replies(asked.channel)).toEqual([WHOLE])
  })
})

const REFUSAL: Answer = { kind: 'status', status: 503, headers: { 'retry-after-ms': '50' } }
const LONG_REFUSAL: Answer = { kind: 'status', status: 503, headers: { 'retry-after-ms': '1000' } }

/**
 * A turn whose Workflow is in the cache of one worker, `holder`, while another one waits for the
 * model. A call that the vendor refuses goes to the next poller, three of which belong to each
 * worker: the number of refusals changes from turn to turn, or the same one might have them all.
 */
async function askApart() {
  for (let turns = 0; turns < 10; turns += 1) {
    const apart = await tryApart(2 + (turns % 2))
    if (apart) return apart
  }
  throw new Error('No model call went to another worker than its Workflow.')
}

/** @param refusals at most 3: the fourth failure would end the turn. */
async function tryApart(refusals: number) {
  const message = `Where are you? ${randomUUID()}`
  const channel = randomUUID()
  house.answer(() => LONG_REFUSAL)
  const turnId = await client.drop(channel, message)
  await requestFor(house.stub, message)
  const holder = await cacheOf(turnId)
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  let refused = 1
  house.answer(({ model }): Answer => {
    if (model !== holder.model) return heldReply(WHOLE, released)
    refused += 1
    return refused <= refusals ? REFUSAL : reply(WHOLE)
  })
  const call = await until('a call that is not refused', () =>
    requestsFor(house.stub, message).find(({ completionTokens }) => completionTokens > 0),
  )
  if (workers.callerOf(call) !== holder) return { message, channel, turnId, holder, release }
  await client.settled(turnId)
  return undefined
}

/** Who ran the turn's last Workflow Task. */
async function cacheOf(turnId: string): Promise<Worker> {
  const events = eventsOf(await client.history(turnId))
  const { workflowTaskCompletedEventAttributes: task } =
    events.findLast((event) => event.workflowTaskCompletedEventAttributes) ?? {}
  return workers.byIdentity(task?.identity)
}
