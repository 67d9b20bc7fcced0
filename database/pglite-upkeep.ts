import { type Kysely, sql } from 'kysely'
import type { Database } from '../schema/database.ts'

const INTERVAL_MS = 60_000

/**
 * PGlite has no background processes: nobody would remove dead rows, refresh the planner's
 * statistics or trim the write-ahead log, which would grow by all that is ever written until the
 * program ends. Once a minute this does what Postgres' autovacuum and checkpointer do, one
 * table at a time, so that a turn waits for milliseconds. Returns how to stop it.
 */
export function startUpkeep(db: Kysely<Database>): () => void {
  // A failure would be the next query's too, and is reported there.
  const timer = setInterval(() => void upkeep(db).catch(() => undefined), INTERVAL_MS)
  timer.unref()
  return () => clearInterval(timer)
}

/** One round. The thresholds are those of Postgres' autovacuum. */
export async function upkeep(db: Kysely<Database>): Promise<void> {
  // Counts reach the statistics with a delay, and would arrive after the vacuum that they ask for.
  await sql`select pg_stat_force_next_flush()`.execute(db)
  const { rows } = await sql<{ name: string }>`
    select format('%I.%I', s.schemaname, s.relname) as name
    from pg_stat_user_tables s join pg_class c on c.oid = s.relid
    where s.n_dead_tup > 50 + 0.2 * greatest(c.reltuples, 0)
      or s.n_mod_since_analyze > 50 + 0.1 * greatest(c.reltuples, 0)`.execute(db)
  for (const { name } of rows) await sql.raw(`vacuum (analyze) ${name}`).execute(db)
  await sql`checkpoint`.execute(db)
}
