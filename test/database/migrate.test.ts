import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { sql } from 'kysely'
import {
  MigrationError,
  migrate,
  migrationStatus,
  SchemaTooNewError,
} from '../../database/migrate.ts'
import { type OpenDatabase, openDatabase } from '../../database/open.ts'
import { migrations } from '../../schema/migrations/index.ts'
import { describeDatabases } from '../support/databases.ts'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'

const PROCESS = fileURLToPath(new URL('./migrate-process.ts', import.meta.url))
const ALL = Object.keys(migrations).sort()

describeDatabases('Migrating', (open) => {
  it('a database that is up to date applies nothing', async () => {
    const opened = await open()
    expect(await migrate(opened)).toEqual([])
    expect(await migrationStatus(opened)).toEqual({ applied: ALL, pending: [], unknown: [] })
  })

  it('refuses a schema that a newer program made, and changes nothing', async () => {
    const opened = await open()
    await sql`delete from kysely_migration`.execute(opened.db)
    await sql`insert into kysely_migration values ('9999-tomorrow', '2030-01-01T00:00:00.000Z')`.execute(
      opened.db,
    )
    const refusal = await migrate(opened).catch((error) => error)
    expect(refusal).toBeInstanceOf(SchemaTooNewError)
    expect(refusal.message).toContain(`does not know the migration '9999-tomorrow'`)
    expect(refusal.message).toContain('Update the program, or restore a backup')
    const { pending, unknown } = await migrationStatus(opened)
    expect({ pending, unknown }).toEqual({ pending: ALL, unknown: ['9999-tomorrow'] })
  })

  it('that fails half-way leaves nothing behind, and says what was wrong', async () => {
    const opened = await open()
    await undo(opened)
    // In the way of the last statements of the first migration.
    await sql`create table stream_listeners (x int)`.execute(opened.db)
    const failure = await migrate(opened).catch((error) => error)
    expect(failure).toBeInstanceOf(MigrationError)
    expect(failure.message).toContain('relation "stream_listeners" already exists')
    expect(await tables(opened)).toEqual(['stream_listeners'])
    await sql`drop table stream_listeners`.execute(opened.db)
    expect(await migrate(opened)).toEqual(ALL)
  })

  it('makes the tables and columns that the types name, and no others', async () => {
    const { db } = await open()
    const found = await db.introspection.getTables()
    const columns = found.map(({ name, columns }) => [name, columns.map((c) => c.name).sort()])
    expect(Object.fromEntries(columns)).toEqual(await typedTables())
  })
})

/** What `schema/database.ts` and its tables say, read from their text: types are gone when a test runs. */
async function typedTables(): Promise<Record<string, string[]>> {
  const schema = new URL('../../schema/', import.meta.url)
  const files = (await readdir(schema)).filter((name) => /^database\.ts$|-tables?\.ts$/.test(name))
  const texts = await Promise.all(files.map((name) => readFile(new URL(name, schema), 'utf8')))
  const source = texts.join('\n')
  const bodyOf = (name: string): string => {
    const declared = new RegExp(`export interface ${name}(?: extends (\\w+))? {\\n(.*?)\\n}`, 's')
    const [, base, body = ''] = declared.exec(source) ?? []
    return base === undefined ? body : `${body}\n${bodyOf(base)}`
  }
  const propertiesOf = (name: string) => [...bodyOf(name).matchAll(/^ {2}(\w+): (\w*)/gm)]
  const tables = propertiesOf('Database').map(([, table = '', type = '']) => [
    table,
    propertiesOf(type)
      .map(([, column]) => column)
      .sort(),
  ])
  return Object.fromEntries(tables)
}

describe('Migrating Postgres', () => {
  let server: TestPostgres
  const opened: OpenDatabase[] = []
  beforeAll(async () => {
    server = await startPostgres()
  })
  afterAll(async () => {
    for (const { close } of opened) await close()
    await server.stop()
  })

  const openUrl = async (postgresUrl: string) => {
    const database = await openDatabase({ postgresUrl })
    opened.push(database)
    return database
  }

  it('from five processes at once applies each migration once, and all of them succeed', async () => {
    const url = await server.createDatabase()
    const run = promisify(execFile)
    const processes = Array.from({ length: 5 }, () => run(process.execPath, [PROCESS, url]))
    const outputs = await Promise.all(processes)
    const applied: string[] = outputs.flatMap(({ stdout }) => JSON.parse(stdout))
    expect(applied).toEqual(ALL)
    expect(await migrationStatus(await openUrl(url))).toMatchObject({ applied: ALL })
  })

  it('without pgvector says what to install', async () => {
    const url = await server.createDatabase()
    const database = await openUrl(url)
    // Postgres 18 looks for extensions here: a folder that holds none.
    await sql`alter role postgres in database ${sql.id(new URL(url).pathname.slice(1))}
      set extension_control_path = '/nonexistent'`.execute(database.db)
    const failure = await migrate(await openUrl(url)).catch((error) => error)
    expect(failure).toBeInstanceOf(MigrationError)
    expect(failure.message).toMatch(/lacks the extension pgvector. Install it on the server/)
    expect(await tables(database)).toEqual([])
  })

  it('without the right to create pgvector says who must do it', async () => {
    const url = new URL(await server.createDatabase())
    const admin = await openUrl(url.href)
    const name = sql.id(url.pathname.slice(1))
    await sql`create role visitor login`.execute(admin.db)
    await sql`grant create on schema public to visitor`.execute(admin.db)
    await sql`revoke create on database ${name} from public`.execute(admin.db)
    url.username = 'visitor'
    const failure = await migrate(await openUrl(url.href)).catch((error) => error)
    expect(failure.message).toContain("Let a superuser run 'create extension vector'")
  })

  it('that is not there says where it was looked for, without the password', async () => {
    const database = await openUrl('postgres://me:hunter2@127.0.0.1:1/nowhere')
    const failure = await migrate(database).catch((error) => error)
    expect(failure).toBeInstanceOf(MigrationError)
    expect(failure.message).toMatch(/^Postgres at 127.0.0.1:1\/nowhere cannot be reached: /)
    expect(failure.message).not.toContain('hunter2')
  })
})

async function undo({ db }: OpenDatabase): Promise<void> {
  for (const name of ALL.toReversed()) await migrations[name]?.down?.(db)
  await sql`delete from kysely_migration`.execute(db)
}

async function tables({ db }: OpenDatabase): Promise<string[]> {
  const found = await db.introspection.getTables()
  return found.map((table) => table.name).sort()
}
