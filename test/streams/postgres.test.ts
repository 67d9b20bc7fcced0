import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { sweepOldRows } from '../../streams/postgres-rows.ts'
import { turnStreamContract } from '../contract/turn-stream.ts'
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

turnStreamContract('The Postgres stream', async () => {
  const [publisher, other] = [await openProcess(database.url), await openProcess(database.url)]
  const close = async () => {
    await Promise.all([publisher.close(), other.close()])
  }
  return { publisher: publisher.stream, other: other.stream, close }
})

describe('the Postgres stream', () => {
  it('sends the first chunk at once and those that follow together', async () => {
    const [worker, api] = [await newProcess(), await newProcess()]
    const turnId = randomUUID()
    const live = await liveReader(database, api.stream, turnId)
    worker.stream.publish(turnId, chunk(0, 'first'))
    expect(word(await live.first)).toBe('1.1.0 first')
    for (let seq = 1; seq <= 200; seq += 1) worker.stream.publish(turnId, chunk(seq, 'more'))
    worker.stream.publish(turnId, settled(201))
    expect(await read(api.stream, turnId)).toHaveLength(202)
    expect(await database.chunksOf(turnId)).toBe(3)
  })

  it('waits for the last batch of the worker when the ending comes from another process', async () => {
    const [worker, settler, api] = [await newProcess(), await newProcess(), await newProcess()]
    for (let round = 0; round < 10; round += 1) {
      const turnId = randomUUID()
      const reading = read(api.stream, turnId)
      worker.stream.publish(turnId, chunk(0, 'a'))
      await read(settler.stream, turnId, { count: 1 })
      for (const seq of [1, 2, 3]) worker.stream.publish(turnId, chunk(seq, 'b'))
      settler.stream.publish(turnId, settled(4))
      expect(words(await reading)).toEqual([
        '1.1.0 a',
        ...['1.1.1 b', '1.1.2 b', '1.1.3 b'],
        '1.1.4 settled',
      ])
    }
  })

  it('skips a batch that was lost, and repeats nothing', async () => {
    const [worker, api] = [await newProcess(), await newProcess()]
    const turnId = randomUUID()
    const live = await liveReader(database, api.stream, turnId)
    worker.stream.publish(turnId, chunk(0, 'a'))
    expect(word(await live.first)).toBe('1.1.0 a')
    worker.stream.publish(turnId, chunk(5, 'after the hole'))
    worker.stream.publish(turnId, settled(6))
    expect(word(await live.next())).toBe('1.1.5 after the hole')
    expect(word(await live.next())).toBe('1.1.6 settled')
    expect(word(await live.next())).toBe('end')
  })

  it('misses nothing whether a reader comes before, while or after the text is written', async () => {
    const [worker, api] = [await newProcess(), await newProcess()]
    const turns = Array.from({ length: 60 }, () => randomUUID())
    const reading = turns.map(async (turnId, index) => {
      for (let turns = 0; turns < index % 20; turns += 1) {
        await new Promise((resolve) => setImmediate(resolve))
      }
      return words(await read(api.stream, turnId))
    })
    for (const turnId of turns) {
      worker.stream.publish(turnId, chunk(0, 'a'))
      await new Promise((resolve) => setImmediate(resolve))
      worker.stream.publish(turnId, chunk(1, 'b'))
      worker.stream.publish(turnId, settled(2))
    }
    const expected = ['1.1.0 a', '1.1.1 b', '1.1.2 settled']
    expect(await Promise.all(reading)).toEqual(turns.map(() => expected))
  })

  it('names more turns than one notice can hold', async () => {
    const [worker, api] = [await newProcess(), await newProcess()]
    const turns = Array.from({ length: 500 }, () => randomUUID())
    const reading = turns.map((turnId) => read(api.stream, turnId))
    await eventually(async () => {
      expect(
        await database.count(
          'select count(*) from stream_listeners where turn_id = any($1)',
          turns,
        ),
      ).toBe(500)
    })
    for (const turnId of turns) worker.stream.publish(turnId, settled(0))
    for (const items of await Promise.all(reading)) expect(words(items)).toEqual(['1.1.0 settled'])
    expect(worker.errors).toEqual([])
  })

  it('serves readers of its own process without waiting for Postgres', async () => {
    const proxy = await startProxy(database.url)
    closing.push(proxy.close)
    const worker = await newProcess(proxy.url)
    proxy.cut()
    const turnId = randomUUID()
    worker.stream.publish(turnId, chunk(0, 'here'))
    worker.stream.publish(turnId, settled(1))
    expect(words(await read(worker.stream, turnId))).toEqual(['1.1.0 here', '1.1.1 settled'])
  })

  it('is not stopped by something that is no id of a turn', async () => {
    const [worker, api] = [await newProcess(), await newProcess()]
    const turnId = randomUUID()
    const reading = read(api.stream, turnId.toUpperCase())
    const controller = new AbortController()
    const strange = reader(api.stream, "'; --", controller.signal).next()
    worker.stream.publish("'; --", chunk(0, 'x'))
    worker.stream.publish(turnId, settled(0))
    expect(words(await reading)).toEqual(['1.1.0 settled'])
    controller.abort()
    expect(word(await strange)).toBe('end')
    expect([...worker.errors, ...api.errors]).toEqual([])
  })
})

describe('what the Postgres stream leaves behind', () => {
  it('unregisters a turn with its last reader, and everything when it is closed', async () => {
    const api = await newProcess()
    const [left, open] = [randomUUID(), randomUUID()]
    const controller = new AbortController()
    const leaving = reader(api.stream, left, controller.signal).next()
    const staying = reader(api.stream, open, AbortSignal.timeout(30_000)).next()
    await eventually(async () =>
      expect([await database.listenersOf(left), await database.listenersOf(open)]).toEqual([1, 1]),
    )
    controller.abort()
    await leaving
    await eventually(async () =>
      expect([await database.listenersOf(left), await database.listenersOf(open)]).toEqual([0, 1]),
    )
    await closeAll()
    expect(word(await staying)).toBe('end')
    expect(await database.listenersOf(open)).toBe(0)
  })

  it('sends what was said last before it closes', async () => {
    const [worker, api] = [await openProcess(database.url), await newProcess()]
    const turnId = randomUUID()
    worker.stream.publish(turnId, chunk(0, 'a'))
    worker.stream.publish(turnId, chunk(1, 'b'))
    worker.stream.publish(turnId, settled(2))
    await worker.close()
    expect(words(await read(api.stream, turnId))).toEqual(['1.1.0 a', '1.1.1 b', '1.1.2 settled'])
  })

  it('sweeps chunks and listeners that are older than ten minutes, and no others', async () => {
    const [worker, api] = [await newProcess(), await newProcess()]
    const [old, fresh] = [randomUUID(), randomUUID()]
    for (const turnId of [old, fresh]) worker.stream.publish(turnId, chunk(0, 'a'))
    await liveReader(database, api.stream, old)
    await liveReader(database, api.stream, fresh)
    for (const table of ['stream_chunks', 'stream_listeners']) {
      await database.admin.query(
        `update ${table} set created_at = now() - interval '11 minutes' where turn_id = $1`,
        [old],
      )
    }
    await sweepOldRows(database.admin)
    expect([await database.chunksOf(old), await database.listenersOf(old)]).toEqual([0, 0])
    expect([await database.chunksOf(fresh), await database.listenersOf(fresh)]).toEqual([1, 1])
  })

  it('lets its process end by itself', async () => {
    const script = `
      import pg from 'pg'
      import { createPostgresStream } from './streams/postgres.ts'
      const pool = new pg.Pool({ connectionString: ${JSON.stringify(database.url)} })
      const stream = await createPostgresStream({ pool, connect: ${JSON.stringify(database.url)} })
      const turnId = '${randomUUID()}'
      const items = stream.subscribe(turnId, { signal: new AbortController().signal })
      const next = items[Symbol.asyncIterator]().next()
      stream.publish(turnId, { kind: 'chunk', gen: 1, attempt: 1, seq: 0, text: 'a' })
      await next
      await stream.close()
      await pool.end()
      process.stdout.write('closed')`
    const node = process.execPath
    const { stdout } = await promisify(execFile)(node, ['--input-type=module', '-e', script], {
      timeout: 10_000,
    })
    expect(stdout).toBe('closed')
  })
})
