import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { Database } from '../../schema/database.ts'
import { json } from '../../schema/sql-json.ts'
import { describeDatabases } from '../support/databases.ts'

const VERBATIM: readonly [string, string][] = [
  ['100,000 characters', 'ab¢€𝄞 '.repeat(16_667)],
  ['emoji with joiners', '👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽'],
  ['right-to-left text', 'مرحبا بالعالم שלום \u202Eabc\u202C'],
  ['SQL', `'; drop table agents; -- $1 $$ \\ " %s`],
  ['template syntax', '{{system}} {{{agentName}}} {%x%}'],
  ['control characters', '\u0001\u0007\t\r\n\u001b[31m\u007f'],
  ['nothing', ''],
]

const NOBODY = '00000000-0000-0000-0000-000000000000'
const idOf = (n: number) => `00000000-0000-0000-0000-${String(n).padStart(12, '0')}`
const channel = (n: number) => ({
  id: idOf(n),
  name: 'c',
  type: 'DM',
  message_server_id: NOBODY,
  metadata: '{}',
})

describeDatabases('The database', (open) => {
  let db: Kysely<Database>
  beforeAll(async () => {
    db = (await open()).db
  })
  beforeEach(async () => {
    await db.deleteFrom('channels').execute()
  })

  const read = async (value: RawBuilder<unknown>): Promise<unknown> => {
    const { rows } = await sql<{ value: unknown }>`select ${value} as value`.execute(db)
    return rows[0]?.value
  }
  const insert = (into: Kysely<Database>, n: number) =>
    into.insertInto('channels').values(channel(n)).execute()
  const ids = async () => {
    const rows = await db.selectFrom('channels').select('id').orderBy('id').execute()
    return rows.map((row) => row.id)
  }

  describe('a value', () => {
    it.each(VERBATIM)('comes back as it was, as text and inside jsonb: %s', async (_, text) => {
      expect(await read(sql`${text}::text`)).toBe(text)
      expect(await read(sql`${json({ text })}::jsonb`)).toEqual({ text })
    })

    it('of jsonb keeps its nesting, its arrays, its numbers and its nulls', async () => {
      const value = { a: [1, 2.5, { b: [[], {}, null, true, 'x'] }], 'key "q"': -1e21 }
      expect(await read(sql`${json(value)}::jsonb`)).toEqual(value)
      expect(await read(sql`${json([1, [2]])}::jsonb`)).toEqual([1, [2]])
      expect(await read(sql`${json('text')}::jsonb`)).toBe('text')
      expect(await read(sql`jsonb_typeof(${json(null)}::jsonb)`)).toBe('null')
      expect(await read(sql`${json(null)}::jsonb`)).toBeNull()
      expect(await read(sql`${null}::jsonb`)).toBeNull()
    })

    it('that jsonb cannot hold is replaced by U+FFFD', async () => {
      const value = json({ '\u0000key': ['a\u0000b', '\ud800', 'x\udc00y', '😀'] })
      expect(await read(sql`${value}::jsonb`)).toEqual({ '�key': ['a�b', '�', 'x�y', '😀'] })
      const literal = { text: 'a literal \\u0000' }
      expect(await read(sql`${json(literal)}::jsonb`)).toEqual(literal)
    })

    it('of bigint, also when counted and in arrays, is a number, and of numeric text', async () => {
      expect(await read(sql`${9_007_199_254_740_991}::bigint`)).toBe(9_007_199_254_740_991)
      expect(await read(sql`count(*)`)).toBe(1)
      expect(await read(sql`array[1, 2]::bigint[]`)).toEqual([1, 2])
      expect(await read(sql`${'0.10'}::numeric`)).toBe('0.10')
      expect(await read(sql`${0.1}::float8`)).toBe(0.1)
    })

    it('of timestamptz is a Date, to the millisecond', async () => {
      const date = new Date('2026-02-28T23:59:59.987Z')
      expect(await read(sql`${date}::timestamptz`)).toEqual(date)
      expect(await read(sql`${'2026-02-28T23:59:59.987Z'}::timestamptz`)).toEqual(date)
    })

    it('that is an array comes back as an array, whatever is in the texts', async () => {
      const texts = ['a', 'b,"c"', '{}', '', 'NULL', '\\', "d'e", '😀']
      expect(await read(sql`${texts}::text[]`)).toEqual(texts)
      expect(await read(sql`${[]}::text[]`)).toEqual([])
      expect(await read(sql`${['a', null]}::text[]`)).toEqual(['a', null])
    })

    it('of uuid is text, and an array of them selects rows', async () => {
      const elizas = '0b0c0a00-1111-0222-8333-444444444444'
      expect(await read(sql`${elizas}::uuid`)).toBe(elizas)
      expect(await read(sql`${NOBODY}::uuid = any(${[elizas, NOBODY]}::uuid[])`)).toBe(true)
    })

    it('of bytea is a Buffer, and a boolean is a boolean', async () => {
      const bytes = Buffer.from([0, 1, 127, 128, 255])
      const found = await read(sql`${bytes}::bytea`)
      expect(Buffer.isBuffer(found) && found.equals(bytes)).toBe(true)
      expect(await read(sql`${false}::boolean`)).toBe(false)
    })

    it('that is undefined is NULL', async () => {
      expect(await read(sql`${undefined}::text`)).toBeNull()
    })

    it('of a vector can be compared', async () => {
      expect(await read(sql`${'[1,2,3]'}::vector <-> ${'[1,2,5]'}::vector`)).toBe(2)
    })
  })

  describe('an error', () => {
    it('of a double key carries code, constraint, table and detail', async () => {
      await insert(db, 1)
      await expect(insert(db, 1)).rejects.toMatchObject({
        code: '23505',
        constraint: 'channels_pkey',
        table: 'channels',
        detail: `Key (id)=(${idOf(1)}) already exists.`,
        message: 'duplicate key value violates unique constraint "channels_pkey"',
      })
    })

    it.each([
      ['23503', `insert into channel_participants values ('${NOBODY}', '${NOBODY}')`],
      ['23502', `insert into channels (id) values ('${NOBODY}')`],
      ['22P02', `select 'no uuid'::uuid`],
      ['42P01', 'select * from missing'],
      ['42601', 'selec'],
    ])('has the code %s for: %s', async (code, statement) => {
      await expect(sql.raw(statement).execute(db)).rejects.toMatchObject({ code })
    })

    it('names the line of our code that asked', async () => {
      const failure = await sql`select * from missing`.execute(db).catch((error) => error)
      expect(failure.stack).toContain('contract.test.ts')
    })

    it('leaves the next query unharmed', async () => {
      await expect(sql`select 1 / 0`.execute(db)).rejects.toMatchObject({ code: '22012' })
      expect(await ids()).toEqual([])
    })
  })

  describe('a transaction', () => {
    it('that fails takes nobody else with it', async () => {
      const entered = Promise.withResolvers<void>()
      const gate = Promise.withResolvers<void>()
      const failing = db.transaction().execute(async (trx) => {
        await insert(trx, 1)
        entered.resolve()
        await gate.promise
        await insert(trx, 2)
        throw new Error('changed my mind')
      })
      await entered.promise
      const others = [
        insert(db, 3),
        db.transaction().execute((trx) => insert(trx, 4)),
        insert(db, 5),
      ]
      gate.resolve()
      await expect(failing).rejects.toThrow('changed my mind')
      await Promise.all(others)
      expect(await ids()).toEqual([3, 4, 5].map(idOf))
    })

    it('is not seen by others before its commit', async () => {
      const seen: Promise<string[]>[] = []
      await db.transaction().execute(async (trx) => {
        await insert(trx, 1)
        seen.push(ids())
        await insert(trx, 2)
      })
      // Postgres answers at once, PGlite after the commit.
      expect([[], [1, 2].map(idOf)]).toContainEqual(await seen[0])
    })

    it('that goes on after an error inside cannot commit', async () => {
      const spoilt = db.transaction().execute(async (trx) => {
        await insert(trx, 1)
        await sql`select 1 / 0`.execute(trx).catch(() => undefined)
      })
      await expect(spoilt).rejects.toThrow('rolled back instead of committed')
      expect(await ids()).toEqual([])
    })

    it('counts on from what the one before it wrote under the same lock', async () => {
      await insert(db, 1)
      const increment = () =>
        db.transaction().execute(async (trx) => {
          const { name } = await trx
            .selectFrom('channels')
            .select('name')
            .forNoKeyUpdate()
            .executeTakeFirstOrThrow()
          await trx
            .updateTable('channels')
            .set({ name: `${name}+` })
            .execute()
        })
      await Promise.all(Array.from({ length: 20 }, increment))
      const { name } = await db.selectFrom('channels').select('name').executeTakeFirstOrThrow()
      expect(name).toBe(`c${'+'.repeat(20)}`)
    })

    it('can go back to a savepoint', async () => {
      const trx = await db.startTransaction().execute()
      await insert(trx, 1)
      const after = await trx.savepoint('here').execute()
      await insert(after, 2)
      await (await after.rollbackToSavepoint('here').execute()).commit().execute()
      expect(await ids()).toEqual([idOf(1)])
    })

    it('takes the isolation level it is given', async () => {
      const shown = await db
        .transaction()
        .setIsolationLevel('repeatable read')
        .execute((trx) => sql`show transaction_isolation`.execute(trx))
      expect(shown.rows).toEqual([{ transaction_isolation: 'repeatable read' }])
    })
  })

  it('tells how many rows a statement changed', async () => {
    const insertThree = () =>
      db
        .insertInto('channels')
        .values([1, 2, 3].map(channel))
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst()
    expect(await insertThree()).toMatchObject({ numInsertedOrUpdatedRows: 3n })
    expect(await insertThree()).toMatchObject({ numInsertedOrUpdatedRows: 0n })
    const update = await db.updateTable('channels').set({ name: 'x' }).executeTakeFirst()
    expect(update.numUpdatedRows).toBe(3n)
    const remove = await db.deleteFrom('channels').where('id', '=', idOf(1)).executeTakeFirst()
    expect(remove.numDeletedRows).toBe(1n)
  })
})
