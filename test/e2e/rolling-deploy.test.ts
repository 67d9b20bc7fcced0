import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals'
import { z } from 'zod'
import { type House, openHouse, type Worker } from '../support/e2e-house.ts'
import { type OtherBuild, otherBuild } from '../support/other-build.ts'
import { promptText } from '../support/stub-openai-answer.ts'
import { heldReply, messageIn, reply, requestFor, requestsFor } from './answers.ts'
import { type Client, createClient, type Trace } from './client.ts'
import { eventsOf } from './history.ts'
import { until } from './until.ts'

/** Two builds that cannot replay each other: ours is called `old`, the edited copy `new`. */
let house: House
let client: Client
let copy: OtherBuild
/** The one worker of the old build. */
let old: Worker

beforeAll(async () => {
  ;[house, copy] = await Promise.all([openHouse(), otherBuild()])
  client = createClient((await house.startApi()).url)
})

afterAll(async () => {
  await house.close()
  await copy.remove()
})

const startOld = () => house.startWorker({ TURNKEEPER_BUILD_ID: 'old' })
const startNew = () => house.startWorker({ TURNKEEPER_BUILD_ID: 'new' }, copy.program)

/** As an operator does it, in a process of its own. */
async function deployment(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await house.run(['deployment', ...args])
  expect([code, stderr]).toEqual([0, ''])
  return stdout
}

const KNOWN = z.looseObject({ deploymentVersion: z.looseObject({ buildId: z.string() }) })

/** The builds that ran a turn's Workflow Tasks. */
async function buildsOf(turnId: string): Promise<string[]> {
  const tasks = eventsOf(await client.history(turnId)).flatMap(
    (event) => event.workflowTaskCompletedEventAttributes ?? [],
  )
  return [...new Set(tasks.map((task) => KNOWN.parse(task).deploymentVersion.buildId))]
}

const answerTo = (message: string) => `You said: ${message}`

/** A worker counts as gone after 75 s without a poll; a turn is looked at every 30 s. */
const STRANDED_MS = 150_000

/** How many of a room's turns wait at most: enough that it never rests. */
const WAITING = 3

/** Somebody who writes on in one room, whatever happens, until told to stop. */
function keepBusy() {
  const channel = randomUUID()
  const said: { readonly message: string; readonly id: string }[] = []
  const ended: Trace[] = []
  let isOver = false
  const say = async () => {
    while (!isOver) {
      const message = `Message ${said.length + 1}.`
      said.push({ message, id: await client.drop(channel, message) })
      await until('the room takes more', () => said.length - ended.length <= WAITING || undefined)
    }
  }
  const settle = async () => {
    const isLeft = () => !isOver || ended.length < said.length
    while (isLeft()) {
      const next = await until(
        'the next message',
        () => said[ended.length] ?? (isOver ? null : undefined),
      )
      if (next) ended.push(await client.settled(next.id, 60_000))
    }
  }
  const done = Promise.all([say(), settle()])
  done.catch(() => undefined) // it fails the test that waits for it
  return {
    channel,
    said,
    /** Waits until `count` turns more have ended; the last of them. */
    async more(count: number): Promise<Trace> {
      const wanted = ended.length + count
      return until(`turn ${wanted} of the room ends`, () => ended[wanted - 1], 60_000)
    },
    async stop(): Promise<readonly Trace[]> {
      isOver = true
      await done
      return ended
    },
  }
}

/** Everything is answered at once, but for one message, which waits for `release`. */
function answerAll(held?: { readonly message: string; readonly release: Promise<void> }): void {
  house.answer((body) => {
    const message = messageIn(promptText(body)) ?? ''
    return held?.message === message
      ? heldReply(answerTo(message), held.release)
      : reply(answerTo(message))
  })
}

/** Three starts of a worker, on a machine that does other things as well. */
jest.setTimeout(180_000)

describe('a new build beside the old one, while a room is busy', () => {
  it('strands nothing: what runs ends on the old one, what follows runs on the new one', async () => {
    old = await startOld()
    await old.logged(/New turns go to this build/)
    answerAll()
    const room = keepBusy()
    await room.more(3)
    await startNew()
    await room.more(2)

    const { promise: released, resolve: release } = Promise.withResolvers<void>()
    const held = `Message ${room.said.length + 2}.` // the one before may be on its way
    answerAll({ message: held, release: released })
    const request = await requestFor(house.stub, held)
    expect(await deployment('promote', 'new')).toMatch(/'new' is the current one/)
    await old.logged(/New turns go to this build[\s\S]*New turns do not go to this build/)
    expect(await deployment('show')).toMatch(/^old +draining +1 +1$/m)

    old.signal('SIGTERM')
    await old.logged(/Shutting down/)
    release()
    expect(await old.end()).toBe(0)
    await house.stub.ended(request.n)
    await room.more(6)
    const turns = await room.stop()
    expect(turns.map(({ state, gen }) => `${state} ${gen}`)).toEqual(turns.map(() => 'replied 1'))
    expect(await client.replies(room.channel)).toEqual(
      room.said.map(({ message }) => answerTo(message)),
    )
    for (const { message } of room.said) expect(requestsFor(house.stub, message)).toHaveLength(1)
    const last = room.said.findIndex(({ message }) => message === held)
    const builds = await Promise.all(room.said.map(({ id }) => buildsOf(id)))
    expect(builds).toEqual(room.said.map((_, index) => [index <= last ? 'old' : 'new']))
  })

  it('can be taken back in the same way', async () => {
    old = await startOld()
    answerAll()
    const room = keepBusy()
    await room.more(2)
    expect(await deployment('promote', 'old')).toMatch(/'old' is the current one/)
    await until('the room runs on the old build', async () => {
      const [build] = await buildsOf((await room.more(1)).turnId)
      return build === 'old' || undefined
    })
    const turns = await room.stop()
    expect(turns.map(({ state, gen }) => `${state} ${gen}`)).toEqual(turns.map(() => 'replied 1'))
    expect(await client.replies(room.channel)).toEqual(
      room.said.map(({ message }) => answerTo(message)),
    )
  })

  it(
    'takes up what the last worker of the old one has left when it was killed',
    async () => {
      const channel = randomUUID()
      const [first, second] = [`First ${channel}.`, `Second ${channel}.`]
      house.answer((body) => {
        const message = messageIn(promptText(body)) ?? ''
        const isHeld = message === first && requestsFor(house.stub, first).length === 0
        return isHeld ? heldReply(answerTo(first)) : reply(answerTo(message))
      })
      const left = await client.drop(channel, first)
      await requestFor(house.stub, first)
      expect(await deployment('promote', 'new')).toMatch(/'new' is the current one/)
      await old.end('SIGKILL')
      const waiting = await client.drop(channel, second)
      expect((await client.say(randomUUID(), 'And elsewhere?')).turn.state).toBe('replied')

      const turn = await client.settled(left, STRANDED_MS)
      expect(turn).toMatchObject({ state: 'replied', gen: 2, reply: { text: answerTo(first) } })
      expect(turn.modelCalls.map(({ state }) => state)).toEqual(['unknown', 'complete'])
      expect(await buildsOf(left)).toEqual(['new'])
      expect(await client.settled(waiting)).toMatchObject({ state: 'replied', gen: 1 })
      expect(await client.replies(channel)).toEqual([answerTo(first), answerTo(second)])
    },
    2 * STRANDED_MS,
  )
})
