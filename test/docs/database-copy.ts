import pg from 'pg'

export interface DatabaseCopy {
  /** Of the database that was copied. */
  readonly name: string
  /** Ended by `exchange`. */
  readonly admin: pg.Client
}

/** A copy of a running database, as a backup is one: nobody writes for a moment. */
export async function copyOf(url: string): Promise<DatabaseCopy> {
  const name = new URL(url).pathname.slice(1)
  const server = new URL(url)
  server.pathname = '/postgres'
  const admin = new pg.Client({ connectionString: server.href })
  await admin.connect()
  await admin.query(`alter database ${name} allow_connections false`)
  await endSessions(admin, name)
  await admin.query(`create database ${name}_backup template ${name}`)
  await admin.query(`alter database ${name} allow_connections true`)
  return { name, admin }
}

/** The backup takes the place of the database. */
export async function exchange(admin: pg.Client, name: string): Promise<void> {
  await endSessions(admin, name)
  await admin.query(`alter database ${name} rename to ${name}_lost`)
  await admin.query(`alter database ${name}_backup rename to ${name}`)
  await admin.end()
}

const endSessions = (admin: pg.Client, name: string) =>
  admin.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [name])
