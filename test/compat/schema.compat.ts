import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { sql } from 'kysely'
import { loadSchemaKit } from '../../bin/plugin-kit.ts'
import { migrate } from '../../database/migrate.ts'
import { type OpenDatabase, openDatabase } from '../../database/open.ts'
import { createSchemaStore } from '../../memory/plugin-schemas.ts'
import { createPluginSource } from '../../plugins/load/plugin-source.ts'
import { migrateSchema } from '../../plugins/schema/migrate-schema.ts'

const PACKAGE = '@elizaos/plugin-sql'

/** The part of `drizzle-orm/pg-core` that a plugin's author uses here. */
interface PgCore {
  pgTable(name: string, columns: object): object
  text(name: string): { notNull(): object }
  integer(name: string): object
  jsonb(name: string): object
}

describe(`the tables of ${PACKAGE}, by the real drizzle-kit`, () => {
  let database: OpenDatabase
  let drizzle: PgCore
  let loaded: { readonly schema: Readonly<Record<string, unknown>>; readonly folder: string | null }
  before(async () => {
    database = await openDatabase({ memory: true })
    await migrate(database)
    const source = createPluginSource({
      ...{ projectFolder: import.meta.dirname, dataFolder: join(import.meta.dirname, 'none') },
      redact: (text) => text,
    })
    const { plugin, folder } = await source.load(PACKAGE)
    loaded = { schema: plugin.schema as Readonly<Record<string, unknown>>, folder } // drizzle's tables
    const home = createRequire(join(folder ?? '', 'package.json'))
    drizzle = home('drizzle-orm/pg-core') as PgCore // as the package itself finds it
  })
  after(() => database.close())

  const agreed = new Set<string>()
  /** Nothing is there: the kit is found beside the package. */
  const kitFolder = join(import.meta.dirname, 'none')
  const bring = (name: string, schema: unknown) =>
    migrateSchema(
      {
        store: createSchemaStore(database.db),
        ...{ loadKit: loadSchemaKit(kitFolder), kitFolder },
        mayDestroy: (plugin) => agreed.has(plugin),
      },
      { name, schema, folder: loaded.folder },
    )
  const columns = async (table: string) => {
    const { rows } = await sql<{ name: string }>`
      select column_name as name from information_schema.columns
      where table_name = ${table} order by ordinal_position`.execute(database.db)
    return rows.map(({ name }) => name)
  }

  it('are refused where they have the names of ours, and nothing is changed', async () => {
    const before = await columns('memories')
    await assert.rejects(
      bring('sql', loaded.schema),
      /wants a table '\w+', which stands in the database and is not its own/,
    )
    assert.deepEqual(await columns('memories'), before)
    assert.deepEqual(await columns('embeddings'), [])
  })

  it('are made as a whole where no name is taken', async () => {
    const free = Object.fromEntries(
      Object.entries(loaded.schema).filter(([name]) => STANDING_ALONE.includes(name)),
    )
    assert.ok(Object.keys(free).length > 0, Object.keys(loaded.schema).join(', '))
    await bring('sql-free', free)
    await bring('sql-free', free)
    assert.ok((await columns('servers')).includes('id'))
  })

  it('of another plugin are made with its own copy of drizzle-orm, and changed', async () => {
    const { pgTable, text, integer, jsonb } = drizzle
    const first = { trips: pgTable('compat_trips', { place: text('place').notNull() }) }
    await bring('trips', first)
    assert.deepEqual(await columns('compat_trips'), ['place'])
    const more = { place: text('place').notNull(), days: integer('days'), notes: jsonb('notes') }
    await bring('trips', { trips: pgTable('compat_trips', more) })
    assert.deepEqual(await columns('compat_trips'), ['place', 'days', 'notes'])
  })

  it('are never renamed by a guess, and lose no column without consent', async () => {
    const { pgTable, text, integer } = drizzle
    const renamed = { place: text('place').notNull(), nights: integer('nights') }
    await assert.rejects(
      bring('trips', { trips: pgTable('compat_trips', renamed) }),
      /may be renamed/,
    )
    const less = { trips: pgTable('compat_trips', { place: text('place').notNull() }) }
    await assert.rejects(bring('trips', less), /would lose data.*DATA_LOSS=trips/)
    assert.deepEqual(await columns('compat_trips'), ['place', 'days', 'notes'])
    agreed.add('trips')
    await bring('trips', less)
    assert.deepEqual(await columns('compat_trips'), ['place'])
  })
})

/** Tables of the package that refer to no other and have no name of ours. */
const STANDING_ALONE = ['serverTable', 'messageServerTable']
