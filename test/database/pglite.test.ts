import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, cp, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { sql } from 'kysely'
import { Exclusive } from '../../database/exclusive.ts'
import { isUnavailable } from '../../database/failures.ts'
import { type OpenDatabase, openDatabase } from '../../database/open.ts'
import { PgliteFolderError } from '../../database/pglite-client.ts'
import { upkeep } from '../../database/pglite-upkeep.ts'
import { openTestPglite, pgliteTemplate } from '../support/databases.ts'

const VICTIM = fileURLToPath(new URL('./write-until-killed.ts', import.meta.url))

describe('The embedded database', () => {
  let opened: OpenDatabase
  beforeAll(async () => {
    opened = await openTestPglite()
  })
  afterAll(() => opened.close())

  it('leaves the event loop free while it works', async () => {
    let ticks = 0
    const timer = setInterval(() => {
      ticks += 1
    }, 10)
    const startedAt = Date.now()
    for (let query = 0; query < 300; query += 1) {
      await sql`select count(*) from generate_series(1, 10000)`.execute(opened.db)
    }
    clearInterval(timer)
    // In the main thread there would be none. A quarter is left to a busy machine.
    expect(ticks).toBeGreaterThan((Date.now() - startedAt) / 10 / 4)
  })

  it('refuses a parameter that cannot reach its thread, and goes on', async () => {
    const query = sql`select ${{ call: () => 1 }}::jsonb`.execute(opened.db)
    await expect(query).rejects.toThrow('could not be cloned')
    expect((await sql`select 1 as one`.execute(opened.db)).rows).toEqual([{ one: 1 }])
  })

  it('says so when a transaction waits for a query outside of itself, and then goes on', async () => {
    const stuck = opened.db.transaction().execute(() => sql`select 1`.execute(opened.db))
    const failure = await stuck.catch((error) => error)
    expect(failure.message).toMatch(/not free within 10 s.*waits for ever/)
    expect(isUnavailable(failure)).toBe(true)
    expect((await sql`select 1 as one`.execute(opened.db)).rows).toEqual([{ one: 1 }])
  })

  it('removes dead rows, makes statistics and trims its log while it is open', async () => {
    const { db } = opened
    await sql`create table busy as select n, repeat('x', 500) as text from generate_series(1, 2000) n`.execute(
      db,
    )
    for (let round = 0; round < 100; round += 1) {
      await sql`update busy set text = text || 'y'`.execute(db)
    }
    const before = await measures(opened)
    await upkeep(db)
    const after = await measures(opened)
    expect(before.dead).toBeGreaterThan(1_000)
    expect(before.wal).toBeGreaterThan(130 * 2 ** 20)
    expect(after).toMatchObject({ dead: 0, estimated: 2_000 })
    expect(after.wal).toBeLessThan(before.wal)
    expect(after.wal).toBeLessThan(100 * 2 ** 20)
  })

  it('can be had in memory, and says when it is closed', async () => {
    const memory = await openDatabase({ memory: true })
    expect((await sql`select 1 as one`.execute(memory.db)).rows).toEqual([{ one: 1 }])
    await memory.close()
    await memory.close()
    await expect(sql`select 1`.execute(memory.db)).rejects.toThrow(/destroyed|closed/)
  })
})

describe('A folder of the embedded database', () => {
  const folders: string[] = []
  afterAll(async () => {
    for (const folder of folders) await rm(folder, { recursive: true, force: true })
  })
  const newFolder = async () => {
    const folder = await mkdtemp(join(tmpdir(), 'turnkeeper-test-folder-'))
    folders.push(folder)
    return folder
  }
  const copied = async () => {
    const dataDir = await newFolder()
    await cp(await pgliteTemplate(), dataDir, { recursive: true })
    return dataDir
  }

  it('holds every row that was acknowledged before a kill -9', async () => {
    const dataDir = await copied()
    const acknowledged = [await killedAfter(dataDir, 150), await killedAfter(dataDir, 150)].flat()
    const { db, close } = await openDatabase({ dataDir })
    const { rows } = await sql<{ n: number; length: number }>`
      select n, length(text) from written order by n`.execute(db)
    await close()
    expect(rows.map((row) => row.n)).toEqual(expect.arrayContaining(acknowledged))
    expect(rows.every((row) => row.length === 1_000)).toBe(true)
    // What was committed and could no longer be acknowledged: at most one row per kill.
    expect(rows.length - acknowledged.length).toBeLessThanOrEqual(2)
  })

  it('that loses its log while it is open is unavailable, and whole when it has it back', async () => {
    const dataDir = await copied()
    const broken = await openDatabase({ dataDir })
    await sql`create table grown (text text)`.execute(broken.db)
    const log = join(dataDir, 'pglite', 'pg_wal')
    await rename(log, `${log}.away`)
    const failures = [await growUntilItFails(broken), await growUntilItFails(broken)]
    expect(failures.map(isUnavailable)).toEqual([true, true])
    expect(String(failures[0])).toMatch(/broke down: could not .*pg_wal/)
    await broken.close()
    await rename(`${log}.away`, log)
    const { db, close } = await openDatabase({ dataDir })
    await sql`select count(*) from grown`.execute(db)
    await close()
  })

  it('that a killed first start left unfinished is made anew', async () => {
    const dataDir = await newFolder()
    const unfinished = join(dataDir, 'pglite.unfinished')
    await mkdir(unfinished)
    await writeFile(join(unfinished, 'PG_VERSION'), '18\n')
    const { db, close } = await openDatabase({ dataDir })
    expect((await sql`select 1 as one`.execute(db)).rows).toEqual([{ one: 1 }])
    await close()
    await expect(access(unfinished)).rejects.toThrow('ENOENT')
  })

  it.each([
    ['a control file of other content', 'global/pg_control', 'are incompatible|checksum'],
    ['another version', 'PG_VERSION', 'are incompatible'],
  ])('that has %s is refused by name, with the reason', async (_, file, reason) => {
    const dataDir = await copied()
    await writeFile(join(dataDir, 'pglite', file), '99\n'.repeat(3_000))
    const failure = await openDatabase({ dataDir }).catch((error) => error)
    expect(failure).toBeInstanceOf(PgliteFolderError)
    expect(failure.message).toContain(join(dataDir, 'pglite'))
    expect(failure.message).toMatch(new RegExp(`cannot be opened: .*(${reason})`))
    expect(failure.message).toContain('put a backup in its place')
  })

  it('that lost its log or its version is refused and not made anew', async () => {
    for (const part of ['pg_wal', 'PG_VERSION']) {
      const dataDir = await copied()
      await rm(join(dataDir, 'pglite', part), { recursive: true })
      await expect(openDatabase({ dataDir })).rejects.toThrow(PgliteFolderError)
      await access(join(dataDir, 'pglite', 'global', 'pg_control'))
    }
  })

  it('that cannot be made is refused by name', async () => {
    const file = join(await newFolder(), 'file')
    await writeFile(file, '')
    await expect(openDatabase({ dataDir: file })).rejects.toThrow(
      `'${file}/pglite' cannot be opened`,
    )
  })
})

describe('The one session', () => {
  it('is given in the order of asking', async () => {
    const session = new Exclusive()
    const order: number[] = []
    const use = async (n: number) => {
      await session.acquire(5_000, () => new Error('late'))
      order.push(n)
      await Promise.resolve()
      session.release()
    }
    await Promise.all([1, 2, 3].map(use))
    expect(order).toEqual([1, 2, 3])
  })

  it('is refused to who waits too long, and then given to the next', async () => {
    const session = new Exclusive()
    const acquire = (timeoutMs: number) =>
      session.acquire(timeoutMs, () => Object.assign(new Error('late'), { code: '53300' }))
    await acquire(5_000)
    const late = await acquire(1).catch((error) => error)
    expect(isUnavailable(late)).toBe(true)
    const next = acquire(5_000)
    session.release()
    await next
  })
})

async function growUntilItFails({ db }: OpenDatabase): Promise<unknown> {
  for (;;) {
    const grow = sql`insert into grown select repeat('x', 1000) from generate_series(1, 5000)`
    const failure = await grow.execute(db).then(
      () => undefined,
      (error) => error,
    )
    if (failure) return failure
  }
}

/** Bytes of log, dead rows and the planner's idea of the table `busy`. */
async function measures({ db }: OpenDatabase) {
  const { rows } = await sql<{ wal: number; dead: number; estimated: number }>`
    select (select sum(size)::float8 from pg_ls_waldir()) as wal,
      (select n_dead_tup from pg_stat_user_tables where relname = 'busy') as dead,
      (select reltuples from pg_class where relname = 'busy') as estimated`.execute(db)
  const [row] = rows
  if (!row) throw new Error('Postgres did not answer.')
  return row
}

/** Lets the victim write until `count` rows are acknowledged, kills it, and returns their numbers. */
async function killedAfter(dataDir: string, count: number): Promise<number[]> {
  const victim = spawn(process.execPath, [VICTIM, dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const numbers: number[] = []
  for await (const line of createInterface({ input: victim.stdout })) {
    numbers.push(Number(line))
    if (numbers.length === count) victim.kill('SIGKILL')
  }
  if (victim.exitCode === null && victim.signalCode === null) await once(victim, 'exit')
  expect(numbers.length).toBeGreaterThanOrEqual(count)
  return numbers
}
