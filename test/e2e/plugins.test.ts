import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import pg from 'pg'
import { EVE, type House, openHouse } from '../support/e2e-house.ts'
import { type Client, createClient, type Trace } from './client.ts'
import { createNightModel, WORDS } from './night-model.ts'
import { until } from './until.ts'
import { createWorkerPool } from './worker-pool.ts'

const PLUGIN = fileURLToPath(new URL('../support/sample-plugins/night.ts', import.meta.url))
/** Short, so that the dead are found soon. */
const ENV = { TURNKEEPER_HEARTBEAT_TIMEOUT_MS: '1200', TURNKEEPER_HEARTBEAT_THROTTLE_MS: '200' }

/** Starts four workers, two of them behind a kill: 15 s, on a busy machine far more. */
const NIGHT_MS = 120_000

let house: House
let client: Client
let db: pg.Pool
const workers = createWorkerPool(() => house)
const model = createNightModel(() => house.stub)

beforeAll(async () => {
  const character = { ...EVE, plugins: ['./night.ts'] }
  house = await openHouse({ env: ENV, character, files: [PLUGIN] })
  house.answer(model.script)
  db = new pg.Pool({ connectionString: house.postgresUrl, max: 2 })
  const [api] = await Promise.all([house.startApi(), workers.start(2)])
  client = createClient(api.url)
})

afterAll(async () => {
  await db.end()
  await house.close()
})

interface Victim {
  readonly turnId: string
  readonly channel: string
  readonly message: string
}

async function drop(action: string): Promise<Victim> {
  const message = `${action} ${randomUUID()}`
  const channel = randomUUID()
  return { message, channel, turnId: await client.drop(channel, message) }
}

/** What the plugin wrote in the room of a channel. */
async function rowsIn({ channel }: Victim) {
  const { rows } = await db.query<{ notes: string[]; cached: number; components: number }>(
    `with room as (select id::text from rooms where channel_id = $1)
    select coalesce((select array_agg(m.content ->> 'text' order by m.created_at, m.content ->> 'text')
        from memories m join room on room.id = m.room_id::text where m.type = 'notes'), '{}') as notes,
      (select count(*)::int from cache c join room on c.key = 'note:' || room.id) as cached,
      (select count(*)::int from components c join room on c.room_id = room.id) as components`,
    [channel],
  )
  return rows[0]
}

const callsOf = ({ modelCalls }: Trace, step: string) =>
  modelCalls
    .filter((call) => call.step === step)
    .map(({ call, attempt, state }) => `${call}: ${attempt} ${state}`)

const stateOf = (words: string) => model.questions(words).map(({ state }) => state)

/** Ticks of the clock that were begun, by their times. */
async function ticks(): Promise<{ readonly at: Date; readonly state: string }[]> {
  const { rows } = await db.query(
    `select scheduled_at as at, state from task_runs where state <> 'skipped' order by scheduled_at`,
  )
  return rows
}

describe('a night in which workers are killed with -9 in the middle of a plugin', () => {
  let once: Victim
  let safe: Victim
  let provided: Victim

  beforeAll(async () => {
    await client.say(randomUUID(), 'START_CLOCK')
    await until('two ticks', async () =>
      (await ticks()).filter(({ state }) => state === 'done').length > 1 ? true : undefined,
    )
    const clock = model.hold('tick')
    const words = ['in the middle of KEEP ', 'in the middle of KEEP_SAFELY ']
    const held = [clock, ...words.map((one) => model.hold(one))]
    once = await drop('KEEP')
    safe = await drop('KEEP_SAFELY')
    const asked = await Promise.all(held.map((one) => one.asked))
    // Last, because a provider has five seconds.
    const second = model.hold('second of PROVIDE ')
    provided = await drop('PROVIDE')
    asked.push(await second.asked)
    const holders = new Set(asked.map((request) => workers.callerOf(request)))
    await Promise.all([...holders].map((worker) => workers.end(worker, 'SIGKILL')))
    await workers.start(2)
  }, NIGHT_MS)

  it('leaves nothing of an action that may have happened, and tells the person so', async () => {
    const turn = await client.settled(once.turnId)
    expect(turn).toMatchObject({ state: 'replied', gen: 1 })
    expect(await rowsIn(once)).toEqual({ notes: [], cached: 0, components: 0 })
    expect(await client.replies(once.channel)).toEqual([
      expect.stringContaining('during KEEP'),
      WORDS,
    ])
    expect(callsOf(turn, 'runAction:0')).toEqual(['1: 1 unknown'])
    expect(stateOf(`in the middle of ${once.message}`)).toEqual(['aborted'])
  })

  it('repeats an action that may be repeated, and has each of its rows and messages once', async () => {
    const turn = await client.settled(safe.turnId)
    expect(turn).toMatchObject({ state: 'replied', gen: 1 })
    expect(await rowsIn(safe)).toEqual({ notes: ['first', 'second'], cached: 1, components: 1 })
    expect(await client.replies(safe.channel)).toEqual(['Begun.', 'Kept.', WORDS])
    expect(callsOf(turn, 'runAction:0')).toEqual(['1: 1 unknown', '1: 2 complete'])
  })

  it("repeats a provider: its rows are there once, and no model's answer is paid twice", async () => {
    const turn = await client.settled(provided.turnId)
    expect(turn).toMatchObject({ state: 'replied', gen: 1 })
    expect(await rowsIn(provided)).toEqual({ notes: ['provided'], cached: 0, components: 0 })
    expect(stateOf(`first of ${provided.message}`)).toEqual(['answered'])
    expect(stateOf(`second of ${provided.message}`)).toEqual(['aborted', 'answered'])
    const calls = callsOf(turn, 'composeState').map((call) => call.replace(/^\d+: /, ''))
    expect(calls).toEqual(['1 complete', '1 unknown', '2 complete'])
  })

  it('leaves the cut off run of a repeating task unknown, and goes on with the next time', async () => {
    await until('a tick behind the unknown one', async () => {
      const states = (await ticks()).map(({ state }) => state)
      return states.includes('done', states.indexOf('unknown') + 1) && states.includes('unknown')
        ? true
        : undefined
    })
    await db.query('delete from tasks')
    const states = await until('the last tick has ended', async () => {
      const all = (await ticks()).map(({ state }) => state)
      return all.includes('running') ? undefined : all
    })
    expect(states.filter((state) => state !== 'done')).toEqual(['unknown'])
    // Two workers, one run for each time: as many questions as runs, as many notes as good ends.
    expect(model.questions('tick')).toHaveLength(states.length)
    const { rows } = await db.query(`select 1 from memories where content ->> 'text' = 'tick'`)
    expect(rows).toHaveLength(states.length - 1)
  })
})

describe("a plugin's routes", () => {
  it('take an upload as it comes, and may answer bit by bit after the handler has returned', async () => {
    const [agent] = (await db.query<{ id: string }>('select id from agents')).rows
    const routes = `${client.url}/api/agents/${agent?.id}/plugins/night`
    const form = new FormData()
    form.set('file', new Blob(['x'.repeat(400_000)]), 'a.txt')
    const upload = await fetch(`${routes}/upload`, { method: 'POST', body: form })
    expect(upload.status).toBe(201)
    expect(((await upload.json()) as { size: number }).size).toBeGreaterThan(400_000)
    const stream = await fetch(`${routes}/stream`)
    const reader = (stream.body ?? new ReadableStream())
      .pipeThrough(new TextDecoderStream())
      .getReader()
    expect((await reader.read()).value).toBe('begun,')
    await fetch(`${routes}/go-on`, { method: 'POST' })
    expect(await reader.read()).toEqual({ done: false, value: 'ended' })
    expect((await reader.read()).done).toBe(true)
  })
})
