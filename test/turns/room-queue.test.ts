import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import pg from 'pg'
import type { OpenDatabase } from '../../database/open.ts'
import { openTestPostgres } from '../support/databases.ts'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'
import { poolOf } from '../support/postgres-locks.ts'
import { withoutRoomLock } from '../support/rewritten-sql.ts'
import { driveCollisions, driveTraffic } from '../support/room-traffic.ts'
import { violations } from '../support/room-violations.ts'
import { createAgent, createChannel, type TestChannel } from '../support/turn-fixtures.ts'

const SENDERS = 24
const POOL_SIZE = 24

describe('the queue of a room under many senders', () => {
  let server: TestPostgres
  const opened: OpenDatabase[] = []
  beforeAll(async () => {
    server = await startPostgres()
  })
  afterAll(async () => {
    for (const { close } of opened) await close()
    await server.stop()
  })
  const open = async () => {
    const database = await openTestPostgres(server, POOL_SIZE)
    opened.push(database)
    return database
  }

  it('runs every turn once and in order, with nobody sweeping behind it', async () => {
    const database = await open()
    const { db } = database
    const channels = await eightRooms(database)
    const backends = await watchBackends(server, database)
    const report = await driveTraffic(db, { channels, senders: SENDERS, messagesPerSender: 96 })
    const seen = await backends.stop()

    expect(await violations(db, report)).toEqual([])
    expect(report.deadlocks).toEqual([])
    expect(report.accepted.length).toBeGreaterThan(2_500)
    expect(report.repeats).toBe((SENDERS * 96) / 8)
    expect(seen.connected).toBeGreaterThanOrEqual(20)
    expect(seen.waitedForLock).toBeGreaterThan(1)
  })

  it('names the next turn, or has it named, when a message meets the end of the turn ahead', async () => {
    const database = await open()
    const report = await driveCollisions(database.db, await rooms(database, 200))

    expect(await violations(database.db, report)).toEqual([])
  })

  it('forgets turns without the lock of the room, which the same checks report', async () => {
    const database = await open()
    const channels = await rooms(database, 200)
    const bare = withoutRoomLock(poolOf(database))
    const report = await driveCollisions(bare.db, channels)

    expect(bare.rewritten()).toBeGreaterThanOrEqual(400)
    expect(kindsOf(await violations(database.db, report))).toContain('lost wake-up')
  })

  it('refuses messages without the lock of the room, because two take the same number', async () => {
    const database = await open()
    const channels = await eightRooms(database)
    const bare = withoutRoomLock(poolOf(database))
    const report = await driveTraffic(bare.db, { channels, senders: SENDERS, messagesPerSender: 8 })

    expect(kindsOf(await violations(database.db, report))).toContain('an error escaped')
  })
})

/** Rooms of one agent. */
async function rooms({ db }: OpenDatabase, count: number): Promise<TestChannel[]> {
  const agentIds = [await createAgent(db)]
  return Promise.all(Array.from({ length: count }, () => createChannel(db, { agentIds })))
}

/** Four rooms of one agent each, and two channels in which two agents listen. */
async function eightRooms({ db }: OpenDatabase): Promise<TestChannel[]> {
  const agentIds = [await createAgent(db), await createAgent(db)]
  const single = await Promise.all(
    [0, 1, 0, 1].map((n) => createChannel(db, { agentIds: agentIds.slice(n, n + 1) })),
  )
  const shared = await Promise.all(
    [agentIds, [...agentIds].reverse()].map((ids) => createChannel(db, { agentIds: ids })),
  )
  return [...single, ...shared]
}

/** Samples, from a connection of its own, how many sessions work on the database. */
async function watchBackends(server: TestPostgres, { pool }: OpenDatabase) {
  const client = new pg.Client({ connectionString: server.url })
  await client.connect()
  const database = new URL(String(pool?.options.connectionString)).pathname.slice(1)
  const most = { connected: 0, waitedForLock: 0 }
  let isOn = true
  const watching = (async () => {
    while (isOn) {
      const { rows } = await client.query<{ connected: number; waiting: number }>(
        `select count(*)::int as connected, count(*) filter (where wait_event_type = 'Lock')::int as waiting
         from pg_stat_activity where datname = $1`,
        [database],
      )
      most.connected = Math.max(most.connected, rows[0]?.connected ?? 0)
      most.waitedForLock = Math.max(most.waitedForLock, rows[0]?.waiting ?? 0)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    await client.end()
  })()
  const stop = async () => {
    isOn = false
    await watching
    return most
  }
  return { stop }
}

const kindsOf = (sentences: readonly string[]): string[] => [
  ...new Set(sentences.map((sentence) => sentence.split(':')[0] ?? '')),
]
