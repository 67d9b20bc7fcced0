import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import pg from 'pg'
import { type DevServer, startDevServer } from '../../temporal/dev-server.ts'
import { freePortFrom } from '../../temporal/free-port.ts'
import { type House, openHouse } from '../support/e2e-house.ts'
import { temporalBinary } from '../support/temporal.ts'
import { heldReply, reply, requestFor } from './answers.ts'
import { type Client, createClient, posted } from './client.ts'
import { until } from './until.ts'

const IP = '127.0.0.1'
/** After an outage a turn has about as much left: workers need some of it to find Temporal again. */
const DEADLINE_MS = 20_000
const LIMIT_MS = 120_000

/** Temporal can be stopped, for longer than turns may take, and started again with its data. */
let house: House
let dataDir: string
let port: number
let temporal: DevServer
let client: Client

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'turnkeeper-away-'))
  port = await freePortFrom(0, IP)
  house = await openHouse({
    temporalAddress: `${IP}:${port}`,
    env: {
      TURNKEEPER_HTTP_WAIT_MS: '1000',
      TURNKEEPER_SWEEP_INTERVAL_MS: '1000',
      TURNKEEPER_TURN_DEADLINE_MS: String(DEADLINE_MS),
    },
  })
  temporal = await startTemporal()
  const api = await house.startApi()
  await house.startWorker()
  client = createClient(api.url)
}, LIMIT_MS)

afterAll(async () => {
  await house.close()
  await temporal.stop()
  await rm(dataDir, { recursive: true, force: true })
}, LIMIT_MS)

async function startTemporal(): Promise<DevServer> {
  const binary = await temporalBinary()
  return startDevServer({ ...{ binary, dataDir, ip: IP, port, uiPort: 0 }, onLog: () => undefined })
}

/** Waits until a turn's first deadline is over, and what it may be late, too. */
const outlives = (acceptedAt: number) =>
  until('the first deadline', () =>
    Date.now() > acceptedAt + DEADLINE_MS + 4_000 ? true : undefined,
  )

const outages = async (): Promise<number> => {
  const db = new pg.Client({ connectionString: house.postgresUrl })
  await db.connect()
  try {
    const { rows } = await db.query('select 1 from temporal_outages where ended_at is not null')
    return rows.length
  } finally {
    await db.end()
  }
}

describe('while Temporal is away for longer than a turn may take', () => {
  it(
    'a message that comes waits, and is answered when it is back, without an apology',
    async () => {
      house.answer(() => reply('Here I am.'))
      const channel = randomUUID()
      await temporal.stop()
      const { turnId } = await posted(await client.post(channel, 'Are you there?'), 202)
      await outlives((await client.trace(turnId)).acceptedAt)
      expect((await client.trace(turnId)).state).toBe('queued')
      temporal = await startTemporal()
      expect(await client.settled(turnId, LIMIT_MS / 2)).toMatchObject({ state: 'replied' })
      expect(await client.replies(channel)).toEqual(['Here I am.'])
      expect(await outages()).toBe(1)
    },
    LIMIT_MS,
  )

  it(
    'a turn whose model call hangs meanwhile is answered all the same, once',
    async () => {
      const channel = randomUUID()
      let calls = 0
      house.answer(() => {
        calls += 1
        return calls === 1 ? heldReply('Never said.') : reply('Said after all.')
      })
      const turnId = await client.drop(channel, 'Still there?')
      await requestFor(house.stub, 'Still there?')
      const { acceptedAt } = await client.trace(turnId)
      await temporal.stop()
      await outlives(acceptedAt)
      temporal = await startTemporal()
      const turn = await client.settled(turnId, LIMIT_MS / 2)
      expect(turn).toMatchObject({ state: 'replied', code: null })
      expect(turn.deadlineAt - turn.acceptedAt).toBeGreaterThan(DEADLINE_MS + 4_000)
      expect(await client.replies(channel)).toEqual(['Said after all.'])
    },
    LIMIT_MS,
  )
})
