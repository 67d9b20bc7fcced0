import pg from 'pg'

const INT8 = 20
const INT4_ARRAY = 1007
const INT8_ARRAY = 1016

/**
 * A pool whose sessions give up a lock after 5 s and a forgotten transaction after 3 s, and whose
 * `connect` fails after 5 s, whether Postgres is dead or all connections are busy.
 */
export function openPool(url: string, size: number): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: size,
    application_name: 'turnkeeper',
    connectionTimeoutMillis: 5_000,
    lock_timeout: 5_000,
    idle_in_transaction_session_timeout: 3_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    types: { getTypeParser },
  })
  // A connection that breaks announces it by an event, which ends the process when nobody listens.
  // The pool listens only while it is idle. Whoever uses it gets the error from his query.
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))
  return pool
}

/**
 * `bigint` as a number, as our types say: it counts and numbers, and stays far below 2^53, above
 * which it would be rounded. `numeric` stays text. For times use `timestamptz` only: the other types
 * of date depend on the process' zone here, and not in PGlite.
 */
function getTypeParser(oid: number, format?: 'text' | 'binary') {
  if (oid === INT8) return Number
  return pg.types.getTypeParser(oid === INT8_ARRAY ? INT4_ARRAY : oid, format)
}

/** For messages: where it is, without user and password. */
export function describePostgres(url: string): string {
  const parsed = URL.parse(url)
  return parsed ? `Postgres at ${parsed.host || 'a local socket'}${parsed.pathname}` : 'Postgres'
}
