import { once } from 'node:events'
import { createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type Kysely, sql } from 'kysely'
import { isUnavailable, withRetry } from '../../database/failures.ts'
import { type OpenDatabase, openDatabase } from '../../database/open.ts'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'

describe('Postgres', () => {
  let server: TestPostgres
  let opened: OpenDatabase
  beforeAll(async () => {
    server = await startPostgres()
    opened = await openDatabase({ postgresUrl: await server.createDatabase(), poolSize: 3 })
    await sql`create table counters (id int primary key, value int)`.execute(opened.db)
    await sql`insert into counters values (1, 0), (2, 0)`.execute(opened.db)
  })
  afterAll(async () => {
    await opened.close()
    await server.stop()
  })

  it('knows our sessions by name', async () => {
    const name = await sql`show application_name`.execute(opened.db)
    expect(name.rows).toEqual([{ application_name: 'turnkeeper' }])
  })

  it('that is full is reported as unavailable within five seconds', async () => {
    const busy = Array.from({ length: 3 }, () => sql`select pg_sleep(5.5)`.execute(opened.db))
    const startedAt = Date.now()
    const failure = await sql`select 1`.execute(opened.db).catch((error) => error)
    expect(isUnavailable(failure)).toBe(true)
    expect(Date.now() - startedAt).toBeLessThan(6_500)
    await Promise.all(busy)
  })

  it('gives up waiting for a lock after five seconds, and that is unavailable too', async () => {
    const entered = Promise.withResolvers<void>()
    const holder = opened.db.transaction().execute(async (trx) => {
      await sql`select from counters where id = 1 for update`.execute(trx)
      entered.resolve()
      await sql`select pg_sleep(5.5)`.execute(trx)
    })
    await entered.promise
    const failure = await add(opened.db, 1).catch((error) => error)
    expect(failure.code).toBe('55P03')
    expect(isUnavailable(failure)).toBe(true)
    await holder
  })

  it('ends a transaction that idles for three seconds, and the process lives', async () => {
    const ended = opened.db.transaction().execute(async (trx) => {
      await add(trx, 2)
      // The next one waits for the row, which is free when the idle session is gone.
      await sql`select from counters where id = 2 for update`.execute(opened.db)
      await add(trx, 2)
    })
    expect(isUnavailable(await ended.catch((error) => error))).toBe(true)
    expect(await counterOf(opened.db, 2)).toBe(0)
  })

  it('that ended a session is used again through a new one, soon after', async () => {
    const asleep = sql`select pg_sleep(30)`.execute(opened.db).catch((error) => error)
    await ended(opened.db, 'pg_sleep(30)')
    const failure = await asleep
    expect(failure.code).toBe('57P01')
    expect(isUnavailable(failure)).toBe(true)
    // The pool hands the old connection out until it hears that the other side has closed it.
    const deadline = Date.now() + 5_000
    for (;;) {
      const next = await counterOf(opened.db, 2).catch((error) => error)
      if (next === 0) break
      expect(isUnavailable(next) && Date.now() < deadline).toBe(true)
    }
  })

  it('ends one of two transactions that wait for each other, and withRetry runs it again', async () => {
    let runs = 0
    const bothEntered = meeting(2)
    const move = (from: number, to: number) =>
      withRetry(() =>
        opened.db.transaction().execute(async (trx) => {
          runs += 1
          await add(trx, from)
          await bothEntered()
          await add(trx, to)
        }),
      )
    const before = await counterOf(opened.db, 1)
    await Promise.all([move(1, 2), move(2, 1)])
    expect(await counterOf(opened.db, 1)).toBe(before + 2)
    expect(runs).toBe(3)
  })

  it('that stops fails the queries as unavailable, and does not end the process', async () => {
    const other = await startPostgres()
    const database = await openDatabase({ postgresUrl: other.url })
    await sql`select 1`.execute(database.db)
    await other.stop()
    const failure = await sql`select 1`.execute(database.db).catch((error) => error)
    expect(isUnavailable(failure)).toBe(true)
    await database.close()
  })

  it('that accepts a connection and says nothing is unavailable within five seconds', async () => {
    const mute = createServer(() => undefined).listen(0, '127.0.0.1')
    await once(mute, 'listening')
    const address = mute.address()
    const port = typeof address === 'object' ? address?.port : undefined
    const database = await openDatabase({ postgresUrl: `postgres://x@127.0.0.1:${port}/x` })
    const startedAt = Date.now()
    const failure = await sql`select 1`.execute(database.db).catch((error) => error)
    expect(isUnavailable(failure)).toBe(true)
    expect(Date.now() - startedAt).toBeLessThan(6_500)
    await database.close()
    mute.close()
  })

  it('under an unknown name is unavailable', async () => {
    const database = await openDatabase({ postgresUrl: 'postgres://x@nobody.invalid/x' })
    const failure = await sql`select 1`.execute(database.db).catch((error) => error)
    expect(isUnavailable(failure)).toBe(true)
    await database.close()
  })
})

describe('isUnavailable', () => {
  it('is not said of mistakes in a query, nor of other errors', async () => {
    expect(isUnavailable(Object.assign(new Error('duplicate key'), { code: '23505' }))).toBe(false)
    expect(isUnavailable(new Error('connection of two ideas'))).toBe(false)
    expect(isUnavailable(undefined)).toBe(false)
  })

  it('looks at the cause, and at each address of a host', () => {
    const refused = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })
    expect(isUnavailable(new Error('accepting failed', { cause: refused }))).toBe(true)
    expect(isUnavailable(new AggregateError([new Error('x'), refused]))).toBe(true)
  })
})

describe('withRetry', () => {
  it('repeats nothing but a lost transaction', async () => {
    let runs = 0
    const failing = withRetry(async () => {
      runs += 1
      throw Object.assign(new Error('double'), { code: '23505' })
    })
    await expect(failing).rejects.toThrow('double')
    expect(runs).toBe(1)
  })

  it('gives up after five tries with the last error', async () => {
    let runs = 0
    const failing = withRetry(async () => {
      runs += 1
      throw Object.assign(new Error(`deadlock ${runs}`), { code: '40P01' })
    })
    await expect(failing).rejects.toThrow('deadlock 5')
  })
})

const add = <DB>(db: Kysely<DB>, id: number) =>
  sql`update counters set value = value + 1 where id = ${id}`.execute(db)

async function counterOf<DB>(db: Kysely<DB>, id: number): Promise<number> {
  const { rows } = await sql<{
    value: number
  }>`select value from counters where id = ${id}`.execute(db)
  return rows[0]?.value ?? Number.NaN
}

/** Ends the session whose query contains `text`, as an administrator would. */
async function ended<DB>(db: Kysely<DB>, text: string): Promise<void> {
  const deadline = Date.now() + 5_000
  for (;;) {
    const { rows } = await sql`select pg_terminate_backend(pid) from pg_stat_activity
      where state = 'active' and pid <> pg_backend_pid() and position(${text} in query) > 0`.execute(
      db,
    )
    if (rows.length > 0) return
    if (Date.now() > deadline) throw new Error(`No session runs '${text}'.`)
  }
}

/** Resolves for each caller when `count` have come; later callers pass. */
function meeting(count: number): () => Promise<void> {
  const all = Promise.withResolvers<void>()
  let come = 0
  return () => {
    come += 1
    if (come >= count) all.resolve()
    return all.promise
  }
}
