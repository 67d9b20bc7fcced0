import type { Kysely } from 'kysely'
import { deleteOldRecords, MAX_DELETED_RECORDS } from '../memory/records/old-records.ts'
import type { Database } from '../schema/database.ts'
import { deleteOldForks, MAX_DELETED } from '../turns/forks.ts'
import { deleteOldCounts, MAX_DELETED_COUNTS } from '../turns/spending.ts'

/** How long a fork can be looked at. */
export const FORK_AGE_MS = 7 * 24 * 3_600_000

/** How long plugins' own logs are kept. */
export const LOG_AGE_MS = 30 * 24 * 3_600_000

const PAUSE_MS = 3_600_000

/** A process that has just started has other things to do. */
const FIRST_MS = 60_000

/**
 * Deletes old forks, plugins' old logs, and the counts of budgets and cached values whose time is over, when
 * it is called, but only once in an hour, and more often as long as there are many. Several processes may do so at the same time.
 * @param now milliseconds since the epoch
 */
export function createOldRowsCleaner(db: Kysely<Database>, now = Date.now): () => Promise<void> {
  let nextAt = now() + FIRST_MS
  return async () => {
    if (now() < nextAt) return
    const counts = await deleteOldCounts(db)
    const forks = await deleteOldForks(db, FORK_AGE_MS)
    const records = await deleteOldRecords(db, LOG_AGE_MS)
    const isDone =
      forks < MAX_DELETED && counts < MAX_DELETED_COUNTS && records < MAX_DELETED_RECORDS
    if (isDone) nextAt = now() + PAUSE_MS
  }
}
