import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { loadDrizzle } from '../../../bin/plugin-drizzle.ts'
import type { OpenDatabase } from '../../../database/open.ts'
import { createRuntime } from '../../../plugins/facade/create-runtime.ts'
import { childRuntime } from '../../../plugins/isolated/child-runtime.ts'
import { createPermissionBook } from '../../../plugins/permissions/permission-book.ts'
import type { Permissions } from '../../../plugins/permissions/permissions.ts'
import { PluginError } from '../../../plugins/plugin-error.ts'
import { inScope } from '../../../plugins/scope.ts'
import { createPluginDatabase } from '../../../plugins/sql/plugin-database.ts'
import { sessionStatement } from '../../../plugins/sql/session-statements.ts'
import { transactionOf } from '../../../plugins/sql/transaction.ts'
import { describeDatabases } from '../../support/databases.ts'
import { type FakeDrizzle, installFakeDrizzle } from '../../support/fake-drizzle.ts'
import { AGENT_ID, fakeRuntimeHost, fakeTurn } from '../../support/fake-runtime-host.ts'

const USUAL: Permissions = {
  ...{ hosts: ['*'], paths: [], tables: ['*'], secrets: ['*'] },
  ...({ rooms: 'agent', process: 'shared' } as const),
}

interface HouseOptions {
  readonly own?: string
  readonly installed?: string
  readonly permissions?: Partial<Permissions>
}

const nowhere = join(tmpdir(), 'turnkeeper-no-such-folder')

describeDatabases('runtime.db', (open) => {
  let database: OpenDatabase
  let folder: string
  beforeAll(async () => {
    database = await open()
    folder = await mkdtemp(join(tmpdir(), 'turnkeeper-drizzle-'))
    await installFakeDrizzle(folder)
    await outside(house(), (db) => db.execute('create table teas (name text unique)'))
  })
  afterAll(async () => {
    await database.close()
    await rm(folder, { recursive: true })
  })

  function house({ own = folder, installed = nowhere, permissions = {} }: HouseOptions = {}) {
    const host = fakeRuntimeHost()
    const book = createPermissionBook()
    const granted = { ...USUAL, ...permissions }
    book.set(AGENT_ID, 'greeter', { permissions: granted, folder: own })
    const loader = { loadDrizzle: loadDrizzle(installed), kitFolder: 'data/plugins' }
    const db = createPluginDatabase({ sql: database.foreign, book, ...loader })
    const runtime = createRuntime(host, undefined, db)
    return { host, runtime }
  }
  type House = ReturnType<typeof house>
  const dbOf = ({ runtime }: House) => runtime.db as FakeDrizzle // a plugin casts as well
  const outside = <T>(made: House, work: (db: FakeDrizzle) => Promise<T>) =>
    inScope({ agentId: AGENT_ID, plugin: 'greeter', member: 'init', state: 'open' }, () =>
      work(dbOf(made)),
    )
  const names = async () => {
    const { rows } = await database.foreign.session((query) =>
      query('select name from teas order by name', []),
    )
    return rows.flat()
  }

  it('is made of the drizzle-orm in the plugin’s folder, once', async () => {
    const made = house()
    const first = await outside(made, async (db) => db.made())
    expect(await outside(made, async (db) => db.made())).toBe(first)
    expect(await outside(made, (db) => db.all('select $1::text as a, 2 as a', 'x'))).toEqual([
      ['x', 2],
    ])
  })

  it('is made of the drizzle-orm where plugins are installed, else', async () => {
    const made = house({ own: nowhere, installed: folder })
    expect(await outside(made, (db) => db.all('select 1'))).toEqual([[1]])
  })

  it('answers execute as the driver does, and as a list', async () => {
    const answer = await outside(house(), (db) => db.execute('select 1 as a, 2 as b'))
    expect(answer.rows).toEqual([{ a: 1, b: 2 }])
    expect(answer[0]).toEqual({ a: 1, b: 2 })
    expect(answer.rowCount).toBe(1)
  })

  it('commits at once, whatever becomes of the step', async () => {
    const made = house()
    const turn = fakeTurn(made.host)
    const work = turn.run(async () => {
      await dbOf(made).all('insert into teas values ($1)', 'at once')
      throw new Error('The step fails.')
    })
    await expect(work).rejects.toThrow('The step fails.')
    expect(await names()).toContain('at once')
    expect(turn.written).toEqual([])
  })

  it('commits a transaction, with what a nested one rolled back left out', async () => {
    const result = await outside(house(), (db) =>
      db.transaction(
        async (tx) => {
          await tx.all("insert into teas values ('outer')")
          const inner = tx.transaction(async (nested) => {
            await nested.all("insert into teas values ('inner')")
            nested.rollback()
          })
          await expect(inner).rejects.toThrow("rolled back by 'tx.rollback'")
          const [[level] = []] = await tx.all('show transaction_isolation')
          return level
        },
        { isolationLevel: 'repeatable read' },
      ),
    )
    expect(result).toBe('repeatable read')
    expect(await names()).toEqual(expect.arrayContaining(['outer']))
    expect(await names()).not.toContain('inner')
  })

  it('rolls a transaction back that throws, or whose statement failed', async () => {
    const thrown = outside(house(), (db) =>
      db.transaction(async (tx) => {
        await tx.all("insert into teas values ('thrown')")
        throw new Error('No.')
      }),
    )
    await expect(thrown).rejects.toThrow('No.')
    const spoilt = outside(house(), (db) =>
      db.transaction(async (tx) => {
        await tx.all("insert into teas values ('spoilt')")
        await tx.all('select 1 / 0').catch(() => undefined)
      }),
    )
    await expect(spoilt).rejects.toThrow('one of its statements had failed')
    expect(await names()).not.toEqual(expect.arrayContaining(['thrown']))
    expect(await names()).not.toEqual(expect.arrayContaining(['spoilt']))
  })

  it('ends a transaction that waits for something else, and frees the session', async () => {
    const begin = transactionOf({
      sql: database.foreign,
      drizzle: () => ({}),
      failed: (what) => new PluginError('greeter', `It ${what}.`),
      check: () => undefined,
      limitMs: 50,
    })
    await expect(begin(() => new Promise(() => undefined))).rejects.toThrow(
      'It took longer than 0.05 s and was rolled back',
    )
    expect(await names()).toBeDefined()
    expect(await database.db.selectNoFrom((e) => e.lit(1).as('one')).execute()).toHaveLength(1)
  })

  it('refuses by name what would outlive its statement', async () => {
    const begun = outside(house(), (db) => db.execute('/* now */ begin'))
    await expect(begun).rejects.toThrow("'BEGIN' is refused in 'runtime.db'")
    await expect(begun).rejects.toBeInstanceOf(PluginError)
    const ended = outside(house(), (db) => db.transaction((tx) => tx.execute('commit')))
    await expect(ended).rejects.toThrow("'COMMIT' is refused")
  })

  it('says how to install drizzle-orm where there is none', async () => {
    const asked = outside(house({ own: nowhere }), (db) => db.all('select 1'))
    await expect(asked).rejects.toThrow("npm install --prefix 'data/plugins' drizzle-orm")
    await expect(asked).rejects.toMatchObject({ plugin: 'greeter' })
  })

  it.each([
    ['tables', { tables: ['facts'] }],
    ['rooms', { rooms: 'turn' as const }],
  ])('is refused to a plugin that may not reach all %s', async (member, permissions) => {
    const asked = outside(house({ permissions }), (db) => db.all('select 1'))
    await expect(asked).rejects.toThrow(`settings.pluginPermissions['greeter'].${member}`)
  })

  it('is refused after the turn was cut off, to whoever kept it too', async () => {
    const made = house()
    const cut = new AbortController()
    const turn = fakeTurn(made.host, { signal: cut.signal })
    const late = turn.run(async () => {
      const { all } = dbOf(made)
      cut.abort(new Error('The worker is presumed dead.'))
      await all("insert into teas values ('late')")
    })
    await expect(late).rejects.toThrow('was cut off')
    expect(await names()).not.toContain('late')
  })

  it('can be printed, compared and awaited without drizzle-orm', async () => {
    const { runtime } = house({ own: nowhere })
    expect(await runtime.db).toBe(runtime.db)
    expect(inspect(runtime.db)).toBe('{}')
    expect(JSON.stringify({ db: runtime.db })).toBe('{"db":{}}')
  })
})

describe('runtime.db elsewhere', () => {
  it('is refused by name in a process of its own', () => {
    const nothing = { character: {}, settings: {}, hosts: [], asked: [], exportNames: [] }
    const order = { ...nothing, agentId: AGENT_ID, entry: 'file:///plugin.js' }
    const ports = { ask: async () => undefined, log: () => undefined }
    const { db } = childRuntime(order, ports)
    expect(() => (db as FakeDrizzle).all).toThrow("'runtime.db' does not work")
  })

  it('is refused by name where no database was given', () => {
    const { db } = createRuntime(fakeRuntimeHost())
    expect(() => Reflect.get(db, 'select')).toThrow("'runtime.db' is refused")
  })

  it.each([
    ['begin', 'begin'],
    ['  -- why\n SET search_path to x', 'set'],
    ['select 1', undefined],
    ['with a as (select 1) select * from a', undefined],
    ['insert into begin values (1)', undefined],
    ['(select 1) union (select 2)', undefined],
  ])('knows statements of sessions: %s', (sql, word) => {
    expect(sessionStatement(sql)).toBe(word)
  })
})
