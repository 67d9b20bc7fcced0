import { Kysely, PostgresDialect } from 'kysely'
import type pg from 'pg'
import type { OpenDatabase } from '../../database/open.ts'
import type { Database } from '../../schema/database.ts'
import type { Failpoints } from './failpoints.ts'
import { isNamedStep, nameOf } from './step-names.ts'

/** What tells a transaction: a statement that is in no other. */
const TRANSACTIONS: readonly (readonly [name: string, statement: RegExp])[] = [
  ['accept', /insert into turns \(/],
  ['settle', /with ended as \(/],
  // Alone it is no transaction: only with what plugins' providers wrote.
  ['compose', /insert into prompts \(/],
  ['task finish', /update task_runs set state = .*finished_at/s],
]
/** The result of a step that commits with what the step wrote. */
const RESULT = /^\s*update steps set state = 'done'/
/** The first statement of accept; settle locks without reading the number. */
const LOCK_OF_ACCEPT = /"last_seq" from "rooms".* for no key update/

interface Client {
  query(statement: string, values: unknown[]): Promise<pg.QueryResult>
  release(destroy?: boolean): void
}

/**
 * The same database with points inside its transactions: before the commit, and after it when the
 * caller has not heard of it.
 */
export function interceptDatabase(database: OpenDatabase, failpoints: Failpoints): OpenDatabase {
  const { pool } = database
  if (!pool) throw new Error('The crash tests need Postgres.')
  // Kysely keeps one connection per client object.
  const clients = new WeakMap<pg.PoolClient, Client>()
  const connect = async () => {
    const client = await pool.connect()
    const wrapped = clients.get(client) ?? intercepted(client, failpoints)
    clients.set(client, wrapped)
    return wrapped
  }
  const shared = { connect, end: async () => undefined, options: pool.options }
  // Cursors, which Kysely's type also knows, are not used.
  const dialect = new PostgresDialect({ pool: shared as unknown as pg.Pool })
  return { ...database, db: new Kysely<Database>({ dialect }) }
}

function nameOfTransaction(statement: string, values: readonly unknown[]): string | undefined {
  if (!RESULT.test(statement)) {
    return TRANSACTIONS.find(([, pattern]) => pattern.test(statement))?.[0]
  }
  const step = values.find(isNamedStep)
  return step === undefined ? undefined : `${nameOf(step)} result`
}

function intercepted(client: pg.PoolClient, { at }: Failpoints): Client {
  let transaction: string | undefined
  let isInside = false
  return {
    release: (destroy) => client.release(destroy),
    async query(statement, values) {
      if (/^(start transaction|begin)/i.test(statement)) isInside = true
      if (LOCK_OF_ACCEPT.test(statement)) await at('accept:before')
      if (isInside) transaction ??= nameOfTransaction(statement, values)
      if (!/^(commit|rollback)/i.test(statement)) return client.query(statement, values)
      const name = transaction
      transaction = undefined
      isInside = false
      if (name === undefined || /^rollback/i.test(statement)) return client.query(statement, values)
      await at(`${name}:commit-before`)
      const result = await client.query(statement, values)
      // Of `pg`, when the connection breaks while it waits.
      if ((await at(`${name}:commit-after`)) === 'lose') {
        throw new Error('Connection terminated unexpectedly')
      }
      return result
    },
  }
}
