import type { Kysely } from 'kysely'
import type { Records } from '../agent/records.ts'
import type { Database } from '../schema/database.ts'
import { applyRecords } from './records/apply.ts'
import { memoryReads } from './records/memory-reads.ts'
import { placeReads } from './records/place-reads.ts'
import { thingReads } from './records/thing-reads.ts'

/**
 * What agents have stored. `commit` is one transaction, which Postgres may end in favour of another one:
 * the caller repeats it.
 */
export const createRecords = (db: Kysely<Database>): Records => ({
  of: (agentId) => ({
    ...memoryReads(db, agentId),
    ...placeReads(db, agentId),
    ...thingReads(db, agentId),
  }),
  async commit(agentId, writes) {
    if (writes.length === 0) return
    await db.transaction().execute((trx) => applyRecords(trx, agentId, writes))
  },
})
