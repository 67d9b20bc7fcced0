import { type Kysely, sql } from 'kysely'

/** What plugins' drizzle tables looked like when they were last brought into the database. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create table plugin_schemas (
    plugin text primary key,
    snapshot jsonb not null,
    applied_at timestamptz not null default now()
  )`.execute(db)
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql`drop table if exists plugin_schemas`.execute(db)
}
