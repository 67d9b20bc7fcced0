import { type Kysely, sql } from 'kysely'
import type { SchemaChange, SchemaStore } from '../plugins/schema/migrate-schema.ts'
import type { SchemaSnapshot } from '../plugins/schema/schema-changes.ts'
import type { Database } from '../schema/database.ts'

/** Any number: it only must be the same in every process. */
const LOCK = 7_402_118

/** Where the shape of plugins' tables is kept. */
export function createSchemaStore(db: Kysely<Database>): SchemaStore {
  return {
    standingTables: () => standingTables(db),
    read: (plugin) => readSnapshot(db, plugin),
    apply: (plugin, change) => db.transaction().execute((trx) => apply(trx, plugin, change)),
  }
}

async function readSnapshot(
  db: Kysely<Database>,
  plugin: string,
): Promise<SchemaSnapshot | undefined> {
  const row = await db
    .selectFrom('plugin_schemas')
    .select('snapshot')
    .where('plugin', '=', plugin)
    .executeTakeFirst()
  return row && (row.snapshot as unknown as SchemaSnapshot) // written by `apply`
}

async function apply(
  trx: Kysely<Database>,
  plugin: string,
  { fromId, statements, snapshot }: SchemaChange,
): Promise<boolean> {
  await sql`select pg_advisory_xact_lock(${LOCK})`.execute(trx)
  const standing = await readSnapshot(trx, plugin)
  if ((standing?.id ?? null) !== fromId) return false
  // Made by drizzle from the plugin's own tables; what may lose data was agreed to.
  for (const statement of statements) await sql.raw(statement).execute(trx)
  const json = JSON.stringify(snapshot)
  await sql`
    insert into plugin_schemas (plugin, snapshot) values (${plugin}, ${json}::jsonb)
    on conflict (plugin) do update set snapshot = excluded.snapshot, applied_at = now()`.execute(
    trx,
  )
  return true
}

async function standingTables(db: Kysely<Database>): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select t.table_name as name from information_schema.tables t
    where t.table_schema = 'public' and not exists (
      select from plugin_schemas p where p.snapshot -> 'tables' ? ('public.' || t.table_name))`.execute(
    db,
  )
  return rows.map(({ name }) => name)
}
