import { type Kysely, sql } from 'kysely'
import type { Database } from '../../schema/database.ts'

/** Rows per call and kind. */
export const MAX_DELETED_RECORDS = 5_000

/** Deletes logs that are older than `ageMs`, and cached values whose time is over. @returns how many */
export async function deleteOldRecords(db: Kysely<Database>, ageMs: number): Promise<number> {
  const logs = await sql`
    delete from logs where id in (
      select id from logs where created_at < clock_timestamp() - ${ageMs}::float8 * interval '1 millisecond'
      order by created_at limit ${MAX_DELETED_RECORDS})
    returning 1 as deleted`.execute(db)
  const cached = await sql`
    delete from cache where (agent_id, key) in (
      select agent_id, key from cache where expires_at < clock_timestamp()
      order by expires_at limit ${MAX_DELETED_RECORDS})
      and expires_at < clock_timestamp()
    returning 1 as deleted`.execute(db)
  return Math.max(logs.rows.length, cached.rows.length)
}
