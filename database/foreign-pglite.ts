import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { FOREIGN_STATEMENT_MS, type ForeignQuery, type ForeignSql } from '../schema/foreign-sql.ts'
import type { Exclusive } from './exclusive.ts'
import { sessionOver } from './foreign-postgres.ts'
import type { PgliteClient } from './pglite-client.ts'
import { ACQUIRE_TIMEOUT_MS, sessionTaken } from './pglite-dialect.ts'

/** The one session of PGlite, in turn with our own transactions. */
export const foreignPglite = (client: PgliteClient, session: Exclusive): ForeignSql => ({
  async session(work) {
    await session.acquire(ACQUIRE_TIMEOUT_MS, sessionTaken)
    const held = { isOver: false }
    try {
      const result = await work(queryOf(client, held))
      session.release()
      return result
    } catch (error) {
      // Answered behind a statement that was given up: until then nobody else may begin.
      void client
        .query('rollback')
        .catch(() => undefined)
        .finally(() => session.release())
      throw error
    } finally {
      held.isOver = true
    }
  },
})

const queryOf =
  (client: PgliteClient, held: { readonly isOver: boolean }): ForeignQuery =>
  async (sql, parameters) => {
    if (held.isOver) throw sessionOver()
    const waiting = new AbortController()
    const late = pause(FOREIGN_STATEMENT_MS, undefined, { signal: waiting.signal, ref: false })
    try {
      return await Promise.race([
        client.queryArrays(sql, parameters),
        late.then(() => Promise.reject(tooLate()), never),
      ])
    } finally {
      waiting.abort()
    }
  }

const never = () => new Promise<never>(() => undefined)

/** As Postgres says it. PGlite cannot stop what it runs: only the waiting ends. */
function tooLate(): Error {
  const message = 'canceling statement due to statement timeout'
  return Object.assign(new pg.DatabaseError(message, message.length, 'error'), { code: '57014' })
}
