import type { Kysely } from 'kysely'
import type { Database } from '../schema/database.ts'

/** Turns that run now, of those named or of all. At most 1,000. */
export async function runningTurns(
  db: Kysely<Database>,
  among?: readonly string[],
): Promise<string[]> {
  let query = db.selectFrom('turns').select('id').where('state', '=', 'running').limit(1_000)
  if (among) query = query.where('id', 'in', [...among])
  return (await query.execute()).map((row) => row.id)
}
