import { Kysely, PostgresDialect } from 'kysely'
import type pg from 'pg'
import type { Database } from '../../schema/database.ts'

export interface RewrittenDatabase {
  readonly db: Kysely<Database>
  /** How many statements were sent otherwise than they were written. */
  rewritten(): number
}

/** Sends every statement through `rewrite`: shows what a clause is for by taking it away. */
export function rewrittenSql(
  pool: pg.Pool,
  rewrite: (statement: string) => string,
): RewrittenDatabase {
  let count = 0
  // Kysely keeps one connection per client object.
  const clients = new WeakMap<pg.PoolClient, RewritingClient>()
  const wrap = (client: pg.PoolClient): RewritingClient => ({
    query: (statement, values) => {
      const changed = rewrite(statement)
      if (changed !== statement) count += 1
      return client.query(changed, values)
    },
    release: (destroy) => client.release(destroy),
  })
  const connect = async () => {
    const client = await pool.connect()
    const wrapped = clients.get(client) ?? wrap(client)
    clients.set(client, wrapped)
    return wrapped
  }
  // The pool belongs to whoever opened it. Cursors, which Kysely's type also knows, are not used.
  const shared = { connect, end: async () => undefined, options: pool.options }
  const dialect = new PostgresDialect({ pool: shared as unknown as pg.Pool })
  return { db: new Kysely<Database>({ dialect }), rewritten: () => count }
}

interface RewritingClient {
  query(statement: string, values: unknown[]): Promise<pg.QueryResult>
  release(destroy?: boolean): void
}

const ROOM_LOCK = /\s+for no key update\b/i

/** The room's queue without the lock that `turns/` lives on. */
export const withoutRoomLock = (pool: pg.Pool): RewrittenDatabase =>
  rewrittenSql(pool, (statement) => statement.replace(ROOM_LOCK, ''))

/** The stronger lock, which rows that refer to the room must wait for. */
export const withFullRoomLock = (pool: pg.Pool): RewrittenDatabase =>
  rewrittenSql(pool, (statement) => statement.replace(ROOM_LOCK, ' for update'))
