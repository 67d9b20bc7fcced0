import { type Kysely, sql } from 'kysely'
import type { Database } from '../../schema/database.ts'

/** Rows per call and kind. */
export const MAX_DELETED_RECORDS = 5_000

/**
 * Deletes logs of days (UTC) that lie longer back than `ageMs`, and cached values whose time is over.
 * @returns how many, of the kind of which there were more
 */
export async function deleteOldRecords(db: Kysely<Database>, ageMs: number): Promise<number> {
  const logs = await sql`
    delete from logs where id in (
      select id from logs
      where (created_at at time zone 'utc')::date
        < ((now() - ${ageMs}::float8 * interval '1 millisecond') at time zone 'utc')::date
      limit ${MAX_DELETED_RECORDS})
    returning 1 as deleted`.execute(db)
  const cached = await sql`
    delete from cache where (agent_id, key) in (
      select agent_id, key from cache where expires_at < now()
      order by expires_at limit ${MAX_DELETED_RECORDS})
      and expires_at < now()
    returning 1 as deleted`.execute(db)
  return Math.max(logs.rows.length, cached.rows.length)
}
