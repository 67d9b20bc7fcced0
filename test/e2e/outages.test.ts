import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import pg from 'pg'
import type { z } from 'zod'
import { readiness } from '../../schema/api-answers.ts'
import { type DevServer, startDevServer } from '../../temporal/dev-server.ts'
import { freePortFrom } from '../../temporal/free-port.ts'
import { type CuttableProxy, startProxy } from '../streams/cuttable-proxy.ts'
import { type Api, type House, openHouse, type Worker } from '../support/e2e-house.ts'
import { temporalBinary } from '../support/temporal.ts'
import { heldReply, reply, requestsFor } from './answers.ts'
import { type Client, createClient, posted } from './client.ts'
import { until } from './until.ts'

const IP = '127.0.0.1'

/** Temporal can be stopped and started on its port; Postgres stands behind a wire that can be cut. */
let house: House
let dataDir: string
let temporalPort: number
let temporal: DevServer | undefined
let wire: CuttableProxy
let api: Api
let worker: Promise<Worker>
let client: Client

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'turnkeeper-outage-'))
  temporalPort = await freePortFrom(0, IP)
  house = await openHouse({
    temporalAddress: `${IP}:${temporalPort}`,
    env: { TURNKEEPER_HTTP_WAIT_MS: '1000', TURNKEEPER_SWEEP_INTERVAL_MS: '1000' },
  })
  wire = await startProxy(house.postgresUrl)
  // Temporal is not there yet.
  api = await house.startApi({ POSTGRES_URL: wire.url })
  client = createClient(api.url)
})

afterAll(async () => {
  await house.close()
  await temporal?.stop()
  await wire.close()
  await rm(dataDir, { recursive: true, force: true })
})

async function startTemporal(): Promise<void> {
  temporal = await startDevServer({
    ...{ binary: await temporalBinary(), dataDir, ip: IP, port: temporalPort, uiPort: 0 },
    onLog: () => undefined,
  })
}

/** What `/readyz` says is missing, with its status. */
async function missing() {
  const answer = await client.get('/readyz')
  const { checks }: z.infer<typeof readiness> = readiness.parse(await answer.json())
  return { status: answer.status, names: checks.filter(({ ok }) => !ok).map(({ name }) => name) }
}

const ready = (what: string) =>
  until(what, async () => ((await missing()).status === 200 ? true : undefined))

const fresh = () => ({ channel: randomUUID(), message: `Are you there? ${randomUUID()}` })

/** Half of an answer is shown; the rest comes after `release`. */
function holdReplies(text: string) {
  const { promise, resolve: release } = Promise.withResolvers<void>()
  house.answer(() => heldReply(text, promise))
  return release
}

describe('while Temporal cannot be reached', () => {
  const early = fresh()

  it('an api process starts, says so, and takes messages', async () => {
    expect(await missing()).toEqual({ status: 503, names: ['temporal', 'worker'] })
    expect((await client.get('/healthz')).status).toBe(200)
    const { channel, message } = early
    const answer = await posted(await client.post(channel, message), 202)
    expect(answer).toMatchObject({ turn: { state: 'queued' }, agentResponse: null })
  })

  it('a worker waits for it; then what was said before is answered', async () => {
    house.answer(() => reply('Now I am.'))
    worker = house.startWorker({ POSTGRES_URL: wire.url })
    await startTemporal()
    await worker
    await until('the answer', async () => (await client.replies(early.channel))[0])
    expect(await client.replies(early.channel)).toEqual(['Now I am.'])
    await ready('all are there')
  })

  it('a running model call is not repeated, and new messages wait', async () => {
    const running = fresh()
    const release = holdReplies('Spoken through an outage.')
    const turnId = await client.drop(running.channel, running.message)
    await until('the call', () => requestsFor(house.stub, running.message)[0])
    await temporal?.stop()
    expect((await missing()).names).toContain('temporal')
    const waiting = fresh()
    const later = await posted(await client.post(waiting.channel, waiting.message), 202)
    release()
    await startTemporal()
    expect(await client.settled(turnId)).toMatchObject({ state: 'replied' })
    expect(await client.settled(later.turnId)).toMatchObject({ state: 'replied' })
    expect(await client.replies(running.channel)).toEqual(['Spoken through an outage.'])
    expect(await client.replies(waiting.channel)).toEqual(['Spoken through an outage.'])
    expect(requestsFor(house.stub, running.message)).toHaveLength(1)
    await ready('all are there again')
  })
})

describe('while Postgres cannot be reached', () => {
  it('messages are refused with 503 and leave no trace, and taken when it is back', async () => {
    const { channel, message } = fresh()
    house.answer(() => reply('Back again.'))
    await client.say(channel, message)
    wire.cut()
    const lost = `${message} Still?`
    for (const transport of ['http', 'sse', 'websocket'] as const) {
      const refused = await client.post(channel, lost, { transport })
      expect(refused.status).toBe(503)
      expect(refused.headers.get('retry-after')).toMatch(/^[1-9]\d*$/)
      expect(await refused.json()).toMatchObject({ success: false, code: 'UNAVAILABLE' })
    }
    expect((await missing()).names).toContain('postgres')
    expect((await client.get('/healthz')).status).toBe(200)
    wire.mend()
    expect(await rowsAbout(lost)).toEqual({ messages: 0, memories: 0, turns: 1 })
    expect(await client.say(channel, lost)).toMatchObject({
      agentResponse: { text: 'Back again.' },
    })
    expect(await client.replies(channel)).toEqual(['Back again.', 'Back again.'])
    await ready('all are there')
  })

  it('an answer that comes in is kept until it is back, or asked for again', async () => {
    const { channel, message } = fresh()
    const release = holdReplies('Through thick and thin.')
    const turnId = await client.drop(channel, message)
    await until('the call', () => requestsFor(house.stub, message)[0])
    const { log } = await worker
    const before = log().length
    wire.cut()
    release()
    await until('the worker notices', () => /failed/.exec(log().slice(before)) ?? undefined)
    wire.mend()
    const turn = await client.settled(turnId)
    expect(turn).toMatchObject({ state: 'replied', reply: { text: 'Through thick and thin.' } })
    expect(await client.replies(channel)).toEqual(['Through thick and thin.'])
    expect(requestsFor(house.stub, message)).toHaveLength(turn.modelCalls.length)
  })

  /** Asked behind the wire. The turns are all of the channel's room. */
  async function rowsAbout(text: string) {
    const db = new pg.Client({ connectionString: house.postgresUrl })
    await db.connect()
    try {
      const { rows } = await db.query(
        `select (select count(*)::int from messages where content = $1) as messages,
          (select count(*)::int from memories where content->>'text' = $1) as memories,
          (select count(*)::int from turns where channel_id in
            (select channel_id from messages where starts_with($1, content))) as turns`,
        [text],
      )
      return rows[0]
    } finally {
      await db.end()
    }
  }
})
