import { join } from 'node:path'
import { Kysely, PostgresDialect } from 'kysely'
import type pg from 'pg'
import type { Database } from '../schema/database.ts'
import type { ForeignSql } from '../schema/foreign-sql.ts'
import { Exclusive } from './exclusive.ts'
import { foreignPglite } from './foreign-pglite.ts'
import { openForeignPostgres } from './foreign-postgres.ts'
import { PgliteClient } from './pglite-client.ts'
import { PgliteDialect } from './pglite-dialect.ts'
import { startUpkeep } from './pglite-upkeep.ts'
import { describePostgres, openPool } from './postgres.ts'

export type OpenOptions =
  | {
      readonly postgresUrl: string
      /** @default 10 */
      readonly poolSize?: number
    }
  /** The embedded database, in `<dataDir>/pglite`. Whoever opens it holds the lock of the folder. */
  | { readonly dataDir: string }
  | { readonly memory: true }

export interface OpenDatabase {
  readonly db: Kysely<Database>
  readonly kind: 'postgres' | 'pglite'
  /** For LISTEN. Postgres only. */
  readonly pool?: pg.Pool
  /** For SQL of plugins. */
  readonly foreign: ForeignSql
  /** For messages and logs: what and where, without secrets. */
  readonly name: string
  /** Waits for the queries that run. */
  close(): Promise<void>
}

/**
 * Postgres is not contacted yet: its first query fails with an error that `isUnavailable` knows,
 * within 5 s, when it is not there, and later ones succeed when it is back. PGlite is opened, and
 * created if need be, which takes about three seconds the first time and 0.3 s later.
 *
 * What PGlite promises: a transaction that was committed survives the death of the process, `kill -9`
 * included, because its log was handed to the operating system. It is not flushed to the disk
 * (fsync is off), so a power loss or a crash of the machine may lose the last seconds, or damage the
 * folder. Use Postgres, or back the folder up, where that matters.
 *
 * @throws {PgliteFolderError} the embedded database is damaged or cannot be written.
 */
export async function openDatabase(options: OpenOptions): Promise<OpenDatabase> {
  if ('postgresUrl' in options) return openPostgres(options.postgresUrl, options.poolSize ?? 10)
  if ('memory' in options) return openPglite()
  return openPglite(join(options.dataDir, 'pglite'))
}

function openPostgres(url: string, poolSize: number): OpenDatabase {
  const pool = openPool(url, poolSize)
  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) })
  const foreign = openForeignPostgres(url)
  return {
    db,
    kind: 'postgres',
    pool,
    foreign,
    name: describePostgres(url),
    // Kysely ends a pool only when it has used it.
    close: async () => {
      await foreign.close()
      await db.destroy()
      if (!pool.ended) await pool.end()
    },
  }
}

async function openPglite(folder?: string): Promise<OpenDatabase> {
  const client = await PgliteClient.open(folder)
  const session = new Exclusive()
  const db = new Kysely<Database>({ dialect: new PgliteDialect(client, session) })
  const stopUpkeep = startUpkeep(db)
  return {
    db,
    kind: 'pglite',
    foreign: foreignPglite(client, session),
    name: folder ? `PGlite in '${folder}'` : 'PGlite in memory',
    close: async () => {
      stopUpkeep()
      await db.destroy()
      await client.close()
    },
  }
}
