import {
  AbortedTransactionError,
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type Kysely,
  PGliteAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
  type TransactionSettings,
} from 'kysely'
import { Exclusive } from './exclusive.ts'
import type { PgliteClient } from './pglite-client.ts'

export const ACQUIRE_TIMEOUT_MS = 10_000
const CHANGES = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE'])

/**
 * Kysely on our PGlite: a transaction, and each query outside of one, has the one session for itself.
 * Kysely's own dialect sees to that too, but it waits for the session without end, so that a query
 * which a transaction makes outside of itself stops the program for ever, and it ignores isolation
 * levels.
 */
export class PgliteDialect implements Dialect {
  readonly #client: PgliteClient
  readonly #session: Exclusive

  /** @param session shared with others who use the client besides Kysely */
  constructor(client: PgliteClient, session = new Exclusive()) {
    this.#client = client
    this.#session = session
  }

  createDriver = (): Driver => new PgliteDriver(this.#client, this.#session)
  createAdapter = () => new PgliteAdapter()
  createQueryCompiler = () => new PostgresQueryCompiler()
  createIntrospector = (db: Kysely<unknown>) => new PostgresIntrospector(db)
}

class PgliteAdapter extends PGliteAdapter {
  /** For Kysely there may be several users at a time: it is the driver that lets them wait. */
  override get supportsMultipleConnections(): boolean {
    return true
  }
}

class PgliteDriver implements Driver {
  readonly #client: PgliteClient
  readonly #connection: DatabaseConnection
  readonly #session: Exclusive

  constructor(client: PgliteClient, session: Exclusive) {
    this.#client = client
    this.#session = session
    this.#connection = new PgliteConnection(client)
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    await this.#session.acquire(ACQUIRE_TIMEOUT_MS, sessionTaken)
    return this.#connection
  }

  async releaseConnection(): Promise<void> {
    this.#session.release()
  }

  async beginTransaction(_: DatabaseConnection, settings: TransactionSettings): Promise<void> {
    const { isolationLevel, accessMode } = settings
    const isolation = isolationLevel ? ` isolation level ${isolationLevel}` : ''
    // Not waited for: the thread answers in order, and what breaks this breaks the next query too.
    this.#client
      .query(`begin${isolation}${accessMode ? ` ${accessMode}` : ''}`)
      .catch(() => undefined)
  }

  async commitTransaction(): Promise<void> {
    const { command } = await this.#client.query('commit')
    // Postgres answers a commit so when an earlier error had spoilt the transaction.
    if (command === 'ROLLBACK') throw new AbortedTransactionError()
  }

  async rollbackTransaction(): Promise<void> {
    await this.#client.query('rollback')
  }

  async savepoint(connection: DatabaseConnection, name: string): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw(`savepoint "${name}"`))
  }

  async rollbackToSavepoint(connection: DatabaseConnection, name: string): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw(`rollback to "${name}"`))
  }

  async releaseSavepoint(connection: DatabaseConnection, name: string): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw(`release "${name}"`))
  }

  destroy(): Promise<void> {
    return this.#client.close()
  }
}

class PgliteConnection implements DatabaseConnection {
  readonly #client: PgliteClient

  constructor(client: PgliteClient) {
    this.#client = client
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    const { rows, command, rowCount } = await this.#client.query(sql, parameters)
    const numAffectedRows = CHANGES.has(command) ? BigInt(rowCount) : undefined
    // Kysely checks the shape of rows at compile time, against the tables' types.
    return { rows: rows as R[], numAffectedRows }
  }

  // biome-ignore lint/correctness/useYield: Kysely's interface asks for a generator.
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('The embedded database does not stream rows. Read them with a limit.')
  }
}

export function sessionTaken(): Error {
  const message =
    `The embedded database was not free within ${ACQUIRE_TIMEOUT_MS / 1_000} s. A transaction ` +
    'is open for that long; if it waits for a query outside of itself, it waits for ever.'
  return Object.assign(new Error(message), { code: '53300' })
}
