import type { ForeignQuery, ForeignSql } from '../../schema/foreign-sql.ts'
import { asDrizzle, type Drizzle, memberOf } from './drizzle.ts'
import { lazyObject } from './lazy-object.ts'

/** PGlite has one session: as long as a plugin holds it, no turn goes on. */
const TRANSACTION_MS = 5_000

export interface TransactionInput {
  readonly sql: ForeignSql
  readonly drizzle: Drizzle
  /** Its error, with the words given. */
  failed(what: string): Error
  /** Each statement's, before it is sent. @throws */
  check(sql: string): void
  /** @default 5 s */
  readonly limitMs?: number
}

export type TransactionWork = (tx: object) => Promise<unknown> | unknown

/** `db.transaction`: drizzle's own for this driver refuses. A transaction within one is a savepoint. */
export function transactionOf(input: TransactionInput) {
  const { sql, failed, limitMs = TRANSACTION_MS } = input
  return (work: TransactionWork, config?: unknown): Promise<unknown> =>
    sql.session(async (query) => {
      await query(beginOf(config), [])
      const result = await inTime(work(nested(input, query, 0)), limitMs, () =>
        failed(
          `took longer than ${limitMs / 1_000} s and was rolled back. Within it use 'tx' alone, not 'runtime', ` +
            'and ask models before it begins',
        ),
      )
      const { command } = await query('commit', [])
      if (command === 'ROLLBACK') throw failed('was rolled back: one of its statements had failed')
      return result
    })
}

function nested(input: TransactionInput, query: ForeignQuery, depth: number): object {
  const made = input.drizzle(
    asDrizzle(async (sql, parameters) => {
      input.check(sql)
      return query(sql, parameters)
    }),
  )
  const savepoint = `nested_${depth}`
  const own: Readonly<Record<string, unknown>> = {
    rollback() {
      throw input.failed("was rolled back by 'tx.rollback'")
    },
    async transaction(work: TransactionWork) {
      await query(`savepoint ${savepoint}`, [])
      try {
        const result = await work(nested(input, query, depth + 1))
        await query(`release savepoint ${savepoint}`, [])
        return result
      } catch (error) {
        await query(`rollback to savepoint ${savepoint}`, [])
        throw error
      }
    },
  }
  return lazyObject((name) => (Object.hasOwn(own, name) ? own[name] : memberOf(made, name)))
}

const ISOLATION = ['read uncommitted', 'read committed', 'repeatable read', 'serializable']
const ACCESS = ['read only', 'read write']

/** Drizzle's settings. What is none of its words is left out: they stand in SQL. */
function beginOf(config: unknown): string {
  const given: object = typeof config === 'object' && config !== null ? config : {}
  const said = (name: string, words: readonly string[]) => {
    const value: unknown = Reflect.get(given, name)
    return words.find((word) => word === value)
  }
  const isolation = said('isolationLevel', ISOLATION)
  const access = said('accessMode', ACCESS)
  return `begin${isolation ? ` isolation level ${isolation}` : ''}${access ? ` ${access}` : ''}`
}

async function inTime(work: unknown, limitMs: number, late: () => Error): Promise<unknown> {
  const over = Promise.withResolvers<never>()
  const timer = setTimeout(() => over.reject(late()), limitMs)
  try {
    return await Promise.race([work, over.promise])
  } finally {
    clearTimeout(timer)
  }
}
