import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { sql } from 'kysely'
import type { OpenDatabase } from '../../database/open.ts'
import { describeDatabases } from '../support/databases.ts'

describeDatabases('SQL of plugins', (open) => {
  let database: OpenDatabase
  beforeAll(async () => {
    database = await open()
    await ask('create table teas (id bigint primary key, name text, leaf bytea)')
  })
  afterAll(() => database.close())

  const ask = (text: string, parameters: readonly unknown[] = []) =>
    database.foreign.session((query) => query(text, parameters))

  it('gives both of two columns with one name', async () => {
    const answer = await ask('select 1 as id, 2 as id, $1::text as name', ['Tea'])
    expect(answer).toMatchObject({ fields: ['id', 'id', 'name'], rows: [[1, 2, 'Tea']] })
  })

  it('gives times as they are written, large numbers whole, and bytes', async () => {
    const { rows } = await ask(
      `select '2024-05-06'::date, '2024-05-06 07:08'::timestamp, 9007199254740993::bigint, 7::bigint,
        '\\x0102'::bytea, '{"a":1}'::jsonb`,
    )
    const [[day, time, large, small, bytes, json] = []] = rows
    expect([day, time]).toEqual(['2024-05-06', '2024-05-06 07:08:00'])
    expect([large, small, json]).toEqual(['9007199254740993', 7, { a: 1 }])
    expect(Buffer.isBuffer(bytes) && [...bytes]).toEqual([1, 2])
  })

  it('says what a statement did, without parameters too', async () => {
    const answer = await ask("insert into teas values (1, 'Assam'), (2, 'Sencha')")
    expect(answer).toMatchObject({ command: 'INSERT', rowCount: 2, rows: [] })
  })

  it('takes one statement at a time', async () => {
    await expect(ask('select 1; select 2')).rejects.toThrow('multiple commands')
  })

  it('rolls back what a session left open when it failed, and goes on', async () => {
    const failing = database.foreign.session(async (query) => {
      await query('begin', [])
      await query("insert into teas values (9, 'Cold')", [])
      throw new Error('The kettle broke.')
    })
    await expect(failing).rejects.toThrow('The kettle broke.')
    expect((await ask('select 1 from teas where id = 9')).rows).toEqual([])
  })

  it('throws the error of the database, and goes on', async () => {
    await expect(ask('insert into nowhere values (1)')).rejects.toMatchObject({ code: '42P01' })
    expect((await ask('select 1')).rows).toEqual([[1]])
  })

  it('refuses a query of a session that is over', async () => {
    const kept = await database.foreign.session(async (query) => ({ query }))
    await expect(kept.query('select 1', [])).rejects.toThrow('is over')
  })

  it('leaves our own transactions to themselves', async () => {
    const asked = await database.db.transaction().execute(async (trx) => {
      await sql`create table ours_only (id int)`.execute(trx)
      const theirs = ask("select to_regclass('ours_only') is null as is_hidden")
      await sql`drop table ours_only`.execute(trx)
      return { theirs }
    })
    expect((await asked.theirs).rows).toEqual([[true]])
  })
})
