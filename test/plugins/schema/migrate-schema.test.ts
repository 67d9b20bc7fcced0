import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { sql } from 'kysely'
import type { OpenDatabase } from '../../../database/open.ts'
import { createSchemaStore } from '../../../memory/plugin-schemas.ts'
import { migrateSchema, type SchemaKit } from '../../../plugins/schema/migrate-schema.ts'
import { describeDatabases } from '../../support/databases.ts'

type Tables = Readonly<Record<string, readonly string[]>>

/** Speaks as drizzle-kit does, for tables of text columns. */
function textKit(): SchemaKit {
  let ids = 0
  return {
    generateDrizzleJson(schema) {
      ids += 1
      const tables = Object.entries(schema as Tables).map(([name, columns]) => [
        `public.${name}`,
        { name, columns: Object.fromEntries(columns.map((column) => [column, {}])) },
      ])
      return { id: `${ids}:${Math.random()}`, tables: Object.fromEntries(tables) }
    },
    async generateMigration(before, after) {
      const made = Object.entries(after.tables).flatMap(([key, { name, columns }]) => {
        const old = before.tables[key]
        const names = Object.keys(columns)
        if (!old) return [`create table ${name} (${names.map((n) => `${n} text`).join(', ')})`]
        const added = names.filter((n) => !(n in old.columns))
        const gone = Object.keys(old.columns).filter((n) => !names.includes(n))
        return [
          ...added.map((n) => `alter table ${name} add column ${n} text`),
          ...gone.map((n) => `alter table ${name} drop column ${n}`),
        ]
      })
      const dropped = Object.keys(before.tables).filter((key) => !(key in after.tables))
      return [...made, ...dropped.map((key) => `drop table ${key}`)]
    },
  }
}

describeDatabases("a plugin's tables", (open) => {
  let database: OpenDatabase
  const agreed = new Set<string>()

  beforeAll(async () => {
    database = await open()
  })
  afterAll(() => database.close())

  const migrate = (name: string, schema: unknown, kit: SchemaKit | undefined = textKit()) =>
    migrateSchema(
      {
        store: createSchemaStore(database.db),
        loadKit: async () => kit,
        kitFolder: 'data/plugins',
        mayDestroy: (plugin) => agreed.has(plugin),
      },
      { name, schema, folder: null },
    )
  const columns = async (table: string) => {
    const { rows } = await sql<{ name: string }>`
      select column_name as name from information_schema.columns
      where table_name = ${table} order by ordinal_position`.execute(database.db)
    return rows.map(({ name }) => name)
  }

  it('are made, kept as they are, and get new columns', async () => {
    await migrate('todo', { todos: ['id', 'title'] })
    await migrate('todo', { todos: ['id', 'title'] })
    expect(await columns('todos')).toEqual(['id', 'title'])
    await migrate('todo', { todos: ['id', 'title', 'done'], tags: ['id'] })
    expect(await columns('todos')).toEqual(['id', 'title', 'done'])
    expect(await columns('tags')).toEqual(['id'])
  })

  it('are made once by several processes at the same moment', async () => {
    await Promise.all([1, 2, 3].map(() => migrate('race', { raced: ['id'] })))
    expect(await columns('raced')).toEqual(['id'])
  })

  it('lose nothing unless the operator agreed', async () => {
    await migrate('drops', { kept: ['id', 'text'] })
    await expect(migrate('drops', { kept: ['id'] })).rejects.toThrow(
      /would lose data.*DATA_LOSS=drops/,
    )
    expect(await columns('kept')).toEqual(['id', 'text'])
    agreed.add('drops')
    await migrate('drops', { kept: ['id'] })
    expect(await columns('kept')).toEqual(['id'])
  })

  it.each([
    ['a column', { renamed: ['id', 'old'] }, { renamed: ['id', 'new'] }],
    ['a table', { one: ['id'] }, { other: ['id'] }],
  ])('that may be %s renamed are left to a person', async (what, before, after) => {
    const name = `renames ${what}`
    agreed.add(name)
    await migrate(name, before)
    await expect(migrate(name, after)).rejects.toThrow(/may be renamed.*two versions/)
    expect(await columns(Object.keys(before)[0] ?? '')).toEqual(Object.values(before)[0])
  })

  it('are renamed by two versions: one with both, a later one without the old', async () => {
    agreed.add('moving')
    await migrate('moving', { moved: ['id', 'old'] })
    await migrate('moving', { moved: ['id', 'old', 'new'] })
    await migrate('moving', { moved: ['id', 'new'] })
    expect(await columns('moved')).toEqual(['id', 'new'])
  })

  it('never take the name of a table that stands there', async () => {
    await expect(migrate('thief', { memories: ['id'] })).rejects.toThrow(/'memories'.*not its own/)
  })

  it('are undone as a whole when the database refuses one of them', async () => {
    await expect(migrate('half', { good: ['id'], bad: ['id', 'id; nonsense'] })).rejects.toThrow(
      /could not be made/,
    )
    expect(await columns('good')).toEqual([])
  })

  it('need drizzle-kit, and say how to get it', async () => {
    const none = migrateSchema(
      {
        store: createSchemaStore(database.db),
        ...{ loadKit: async () => undefined, kitFolder: 'data/plugins' },
        mayDestroy: () => false,
      },
      { name: 'kitless', schema: { x: ['id'] }, folder: null },
    )
    await expect(none).rejects.toThrow(
      /npm install --prefix 'data\/plugins' drizzle-kit drizzle-orm/,
    )
  })
})
