import pg from 'pg'
import { FOREIGN_STATEMENT_MS, type ForeignQuery, type ForeignSql } from '../schema/foreign-sql.ts'
import { FOREIGN_PARSERS } from './foreign-types.ts'

/** Few: they come on top of ours, and a plugin that takes them all waits for itself only. */
const SESSIONS = 3

export interface ClosableSql extends ForeignSql {
  close(): Promise<void>
}

/**
 * Sessions of their own, so that what a plugin sets in one, or leaves open, meets no turn. None is made
 * before the first use.
 */
export function openForeignPostgres(url: string): ClosableSql {
  const pool = new pg.Pool({
    connectionString: url,
    max: SESSIONS,
    application_name: 'turnkeeper-plugins',
    connectionTimeoutMillis: 5_000,
    statement_timeout: FOREIGN_STATEMENT_MS,
    // For a server that does not answer at all.
    query_timeout: FOREIGN_STATEMENT_MS + 2_000,
    lock_timeout: 5_000,
    idle_in_transaction_session_timeout: 3_000,
    types: { getTypeParser },
  })
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))
  return {
    async session(work) {
      const client = await pool.connect()
      const held = { isOver: false }
      try {
        const result = await work(queryOf(client, held))
        client.release()
        return result
      } catch (error) {
        client.release(true) // whatever state it is in ends with it
        throw error
      } finally {
        held.isOver = true
      }
    },
    close: async () => {
      if (!pool.ending) await pool.end()
    },
  }
}

const queryOf =
  (client: pg.PoolClient, held: { readonly isOver: boolean }): ForeignQuery =>
  async (text, parameters) => {
    if (held.isOver) throw sessionOver()
    // Extended: one statement per call, as PGlite has it.
    const config = {
      ...{ text, values: [...parameters] },
      ...{ rowMode: 'array', queryMode: 'extended' },
    } as const
    const { fields, rows, command, rowCount } = await client.query<unknown[]>(config)
    return { fields: fields.map(({ name }) => name), rows, command, rowCount: rowCount ?? 0 }
  }

/** Whoever kept a transaction longer than it lasted. */
export const sessionOver = (): Error =>
  new Error('The transaction is over: await every query before the function that got it returns.')

function getTypeParser(oid: number, format?: 'text' | 'binary') {
  return FOREIGN_PARSERS[oid] ?? pg.types.getTypeParser(oid, format)
}
