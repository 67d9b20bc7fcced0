import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import pg from 'pg'
import { type CountingProxy, startCountingProxy } from '../support/counting-proxy.ts'
import { type House, openHouse } from '../support/e2e-house.ts'
import { reply } from './answers.ts'
import { type Client, createClient } from './client.ts'
import { eventsOf } from './history.ts'
import { until } from './until.ts'

/** The budgets of the design, section 8. */
const MAX_TRIPS = 20
const MAX_EVENTS = 24
const MAX_BYTES = 20 * 1024
/** Three local steps in one Workflow Task. */
const EVENTS_OF_SILENCE = 8
/** The turn stream's: who listens, two batches of text and their notices, and three looks at them. */
const MAX_STREAM_TRIPS = 10
const OF_STREAM = /stream_|pg_notify/
/** At most one of each in a second, however many turns there are: what other processes found out. */
const OF_LIMITS = /from model_breakers where state = 'open'|from model_rates where paused_until/
/** So that everything that is read once is read; the eighth turn would wake an evaluator. */
const WARM_UP = 3

let house: House
let wire: CountingProxy
let client: Client

beforeAll(async () => {
  // Background work is not the turn's: no sweep falls into it.
  house = await openHouse({ env: { TURNKEEPER_SWEEP_INTERVAL_MS: '3600000' } })
  wire = await startCountingProxy(house.postgresUrl)
  const env = { POSTGRES_URL: wire.url }
  const [api] = await Promise.all([house.startApi(env), house.startWorker(env)])
  client = createClient(api.url)
})

afterAll(async () => {
  await house.close()
  await wire.close()
})

it('an ordinary turn waits at most 20 times for Postgres until its reply is there', async () => {
  const channel = await warmRoom()
  wire.reset()
  expect(await client.say(channel, 'Hello.')).toMatchObject({ turn: { state: 'replied' } })
  const trips = [...wire.trips()]
  const ofStream = trips.filter((statement) => OF_STREAM.test(statement))
  expectFew(
    trips.filter((statement) => !OF_STREAM.test(statement) && !OF_LIMITS.test(statement)),
    MAX_TRIPS,
  )
  // Nobody waits for these: they run beside the turn, from process to process.
  expectFew(ofStream, MAX_STREAM_TRIPS)
})

it('an ordinary turn leaves a history of at most 24 events and 20 KiB', async () => {
  const { turnId } = await client.say(await warmRoom(), 'Hello.')
  const { events, bytes } = await closedHistory(turnId)
  expect(events.length).toBeLessThanOrEqual(MAX_EVENTS)
  expect(bytes).toBeLessThanOrEqual(MAX_BYTES)
})

it('a turn that says nothing, because the room is muted, leaves 8 events', async () => {
  const channel = await warmRoom()
  await mute(channel)
  const { turnId } = await client.say(channel, 'Not for you.')
  const turn = await client.settled(turnId)
  expect(turn).toMatchObject({ state: 'ignored', reply: null, modelCalls: [] })
  expect((await closedHistory(turnId)).events.map(({ eventType }) => eventType)).toHaveLength(
    EVENTS_OF_SILENCE,
  )
})

/** A channel in which an agent has answered before. */
async function warmRoom(): Promise<string> {
  const channel = randomUUID()
  house.answer(() => reply('Hello yourself.'))
  for (let n = 0; n < WARM_UP; n += 1) await client.say(channel, 'Warm up.')
  return channel
}

function expectFew(statements: readonly string[], most: number): void {
  if (statements.length <= most) return
  const list = statements.map((text, index) => `${index + 1}. ${text.slice(0, 120)}`)
  throw new Error(`${statements.length} round trips, ${most} are the limit:\n${list.join('\n')}`)
}

/** Once its Workflow has ended, which is a moment after the reply. */
function closedHistory(turnId: string) {
  return until('the end of the Workflow', async () => {
    const exported = await client.history(turnId)
    const events = eventsOf(exported)
    const isClosed = events.at(-1)?.eventType === 'EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED'
    return isClosed ? { events, bytes: JSON.stringify(exported).length } : undefined
  })
}

/** As an action of the agent would; there is no request for it. */
async function mute(channel: string): Promise<void> {
  const db = new pg.Client({ connectionString: house.postgresUrl })
  await db.connect()
  try {
    await db.query(
      `update participants set state = 'MUTED' where entity_id = agent_id
        and room_id in (select id from rooms where channel_id = $1)`,
      [channel],
    )
  } finally {
    await db.end()
  }
}
