import { setTimeout as delay } from 'node:timers/promises'
import type { ControlledTransaction, Kysely } from 'kysely'
import type pg from 'pg'
import type { OpenDatabase } from '../../database/open.ts'
import type { Database } from '../../schema/database.ts'

export interface HeldLock {
  /** Commits what the holder did; whoever waits goes on. */
  release(): Promise<void>
}

/** Runs a statement in a transaction that stays open until it is released. Postgres only. */
export async function hold(
  opened: OpenDatabase,
  statement: string,
  values: readonly unknown[] = [],
): Promise<HeldLock> {
  const client = await poolOf(opened).connect()
  await client.query('begin')
  await client.query('set local idle_in_transaction_session_timeout = 0')
  const release = async () => {
    if (!leftOpen.delete(release)) return
    await client.query('commit')
    client.release()
  }
  leftOpen.add(release)
  await client.query(statement, [...values])
  return { release }
}

/** A transaction that the test ends itself. */
export async function begin(db: Kysely<Database>): Promise<ControlledTransaction<Database>> {
  const trx = await db.startTransaction().execute()
  leftOpen.add(async () => {
    if (!trx.isCommitted && !trx.isRolledBack) await trx.rollback().execute()
  })
  return trx
}

const leftOpen = new Set<() => Promise<void>>()

/** For `afterEach`: a test that failed must not keep its connections, or the database never closes. */
export async function releaseAll(): Promise<void> {
  for (const release of [...leftOpen]) await release().catch(() => undefined)
  leftOpen.clear()
}

const LIMIT_MS = 10_000

/** Resolves once `count` statements of this database wait for a lock. */
export async function waitingForLock(opened: OpenDatabase, count: number): Promise<void> {
  const deadline = Date.now() + LIMIT_MS
  for (;;) {
    const { rows } = await poolOf(opened).query<{ waiting: number }>(
      `select count(*)::int as waiting from pg_stat_activity
       where datname = current_database() and wait_event_type = 'Lock'`,
    )
    const waiting = rows[0]?.waiting ?? 0
    if (waiting >= count) return
    if (Date.now() > deadline) throw new Error(`${waiting} statements wait, not ${count}.`)
    await delay(5)
  }
}

export function poolOf({ pool }: OpenDatabase): pg.Pool {
  if (!pool) throw new Error('This needs Postgres: PGlite has one connection.')
  return pool
}
