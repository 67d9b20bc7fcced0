import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { startProxy } from './cuttable-proxy.ts'
import {
  chunk,
  liveReader,
  openProcess,
  openStreamDatabase,
  type StreamDatabase,
  settled,
} from './postgres-processes.ts'
import { eventually, read, reader, word, words } from './reading.ts'

let database: StreamDatabase
const closing: (() => Promise<unknown>)[] = []

beforeAll(async () => {
  database = await openStreamDatabase()
})
afterEach(closeAll)
afterAll(() => database.close())

async function closeAll(): Promise<void> {
  for (const close of closing.splice(0).reverse()) await close()
}

async function newProcess(url = database.url, processName?: string) {
  const opened = await openProcess(url, processName)
  closing.push(opened.close)
  return opened
}

describe('the Postgres stream without its connections', () => {
  it('listens again after the server ended the connection, and missed nothing', async () => {
    const [worker, api] = [await newProcess(), await newProcess(database.url, 'cut api')]
    const turnId = randomUUID()
    const live = await liveReader(database, api.stream, turnId)
    const cut = () =>
      database.count(
        `select count(pg_terminate_backend(pid)) from pg_stat_activity
         where application_name = 'cut api turn stream'`,
      )
    for (let seq = 0; seq < 5; seq += 1) {
      await eventually(async () => expect(await cut()).toBe(1))
      worker.stream.publish(turnId, chunk(seq, 'still here'))
      expect(word(await (seq === 0 ? live.first : live.next()))).toBe(`1.1.${seq} still here`)
    }
    expect(api.errors.length).toBeGreaterThanOrEqual(5)
  })

  it('finds again what a crash of the server wiped from the unlogged tables', async () => {
    const [worker, api] = [await newProcess(), await newProcess(database.url, 'wiped api')]
    const turnId = randomUUID()
    const live = await liveReader(database, api.stream, turnId)
    await database.admin.query('truncate stream_listeners, stream_chunks')
    await database.admin.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'wiped api turn stream'",
    )
    await eventually(async () => expect(await database.listenersOf(turnId)).toBe(1))
    worker.stream.publish(turnId, chunk(0, 'a'))
    expect(word(await live.first)).toBe('1.1.0 a')
  })

  it('keeps what a worker says while Postgres is away, in order, and sends it when it is back', async () => {
    const proxy = await startProxy(database.url)
    closing.push(proxy.close)
    const [worker, api] = [await newProcess(proxy.url), await newProcess()]
    const turnId = randomUUID()
    const reading = read(api.stream, turnId)
    worker.stream.publish(turnId, chunk(0, 'before'))
    await eventually(async () => expect(await database.chunksOf(turnId)).toBe(1))
    proxy.cut()
    for (let seq = 1; seq <= 100; seq += 1) worker.stream.publish(turnId, chunk(seq, `${seq}`))
    await eventually(() => expect(worker.errors.length).toBeGreaterThan(1))
    proxy.mend()
    worker.stream.publish(turnId, settled(101))
    const said = Array.from({ length: 100 }, (_, index) => `1.1.${index + 1} ${index + 1}`)
    expect(words(await reading)).toEqual(['1.1.0 before', ...said, '1.1.101 settled'])
  })

  it('drops the oldest text when Postgres stays away too long', async () => {
    const proxy = await startProxy(database.url)
    closing.push(proxy.close)
    const [worker, api] = [await newProcess(proxy.url), await newProcess()]
    proxy.cut()
    const turns = Array.from({ length: 20 }, () => randomUUID())
    const megabyte = 'x'.repeat(1_000_000)
    for (const turnId of turns) worker.stream.publish(turnId, chunk(0, megabyte))
    await eventually(() => expect(worker.errors.length).toBeGreaterThan(1))
    proxy.mend()
    const newest = turns.at(-1) ?? ''
    expect(await read(api.stream, newest, { count: 1 })).toHaveLength(1)
    const kept = await Promise.all(turns.map(database.chunksOf))
    expect(kept.filter((rows) => rows > 0).length).toBeLessThanOrEqual(9)
  })

  it('reads again when Postgres was away from the reader', async () => {
    const proxy = await startProxy(database.url)
    closing.push(proxy.close)
    const [worker, api] = [await newProcess(), await newProcess(proxy.url)]
    const turnId = randomUUID()
    const live = await liveReader(database, api.stream, turnId)
    proxy.cut()
    worker.stream.publish(turnId, chunk(0, 'missed'))
    await eventually(async () => expect(await database.chunksOf(turnId)).toBe(1))
    const comesLater = read(api.stream, turnId, { count: 1 })
    await eventually(() => expect(api.errors.length).toBeGreaterThan(2))
    proxy.mend()
    expect(word(await live.first)).toBe('1.1.0 missed')
    expect(words(await comesLater)).toEqual(['1.1.0 missed'])
  })

  it('opens without a database, and closes without one', async () => {
    const nowhere = 'postgres://postgres@127.0.0.1:1/none'
    const lonely = await newProcess(nowhere)
    const turnId = randomUUID()
    const controller = new AbortController()
    const waiting = reader(lonely.stream, turnId, controller.signal).next()
    lonely.stream.publish(turnId, chunk(0, 'to myself'))
    expect(word(await waiting)).toBe('1.1.0 to myself')
    controller.abort()
    await closeAll()
    expect(lonely.errors.length).toBeGreaterThan(0)
  })
})
