import { sql } from 'kysely'
import { type MigrationResultSet, Migrator } from 'kysely/migration'
import { migrations } from '../schema/migrations/index.ts'
import { codeOf, isUnavailable } from './failures.ts'
import type { OpenDatabase } from './open.ts'

export interface MigrationStatus {
  readonly applied: readonly string[]
  /** Known to the program, not applied: `migrate` is due. */
  readonly pending: readonly string[]
  /** Applied by a newer version of the program. */
  readonly unknown: readonly string[]
}

/**
 * Brings the schema up to date: all of it or nothing. Any number of processes may do so at once; one
 * works under an advisory lock and the others wait for it.
 *
 * @returns the names of the migrations that this call applied.
 * @throws {SchemaTooNewError} @throws {MigrationError}
 */
export async function migrate(opened: OpenDatabase): Promise<string[]> {
  const { error, results = [] } = await migrated(opened).catch(
    (error: unknown): MigrationResultSet => ({ error }),
  )
  if (error) throw await explain(error, opened)
  return results.map((result) => result.migrationName)
}

function migrated(opened: OpenDatabase): Promise<MigrationResultSet> {
  return opened.db.connection().execute(async (db) => {
    if (opened.kind !== 'postgres') return migratorOn(db).migrateToLatest()
    // A process that is short of time between two statements must not lose its transaction to it.
    await sql`set idle_in_transaction_session_timeout = 0`.execute(db)
    try {
      return await migratorOn(db).migrateToLatest()
    } finally {
      await sql`reset idle_in_transaction_session_timeout`.execute(db).catch(() => undefined)
    }
  })
}

const migratorOn = (db: OpenDatabase['db']) =>
  new Migrator({ db, provider: { getMigrations: async () => migrations } })

export async function migrationStatus({ db }: OpenDatabase): Promise<MigrationStatus> {
  const known = Object.keys(migrations).sort()
  const applied = await appliedMigrations(db)
  return {
    applied,
    pending: known.filter((name) => !applied.includes(name)),
    unknown: applied.filter((name) => !known.includes(name)),
  }
}

const UNDEFINED_TABLE = '42P01'

async function appliedMigrations(db: OpenDatabase['db']): Promise<string[]> {
  try {
    const applied = sql<{ name: string }>`select name from kysely_migration order by name`
    const { rows } = await applied.execute(db)
    return rows.map((row) => row.name)
  } catch (error) {
    if (codeOf(error) === UNDEFINED_TABLE) return []
    throw error
  }
}

/** The database was written by a newer version of the program. */
export class SchemaTooNewError extends Error {
  override readonly name = 'SchemaTooNewError'
  readonly unknown: readonly string[]

  constructor(place: string, unknown: readonly string[]) {
    const names = unknown.map((name) => `'${name}'`).join(', ')
    super(
      `The schema of ${place} is newer than this program: it does not know the migration ${names}. ` +
        'Update the program, or restore a backup from before that migration.',
    )
    this.unknown = unknown
  }
}

/** The schema could not be brought up to date. Nothing was changed. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError'
}

async function explain(cause: unknown, opened: OpenDatabase): Promise<Error> {
  const place = opened.name
  const reason = cause instanceof Error ? cause.message : String(cause)
  if (isUnavailable(cause)) {
    return new MigrationError(
      `${place} cannot be reached: ${reason}. Start it, or correct POSTGRES_URL.`,
      { cause },
    )
  }
  const { unknown } = await migrationStatus(opened)
  if (unknown.length > 0) return new SchemaTooNewError(place, unknown)
  return new MigrationError(adviceFor(reason, place), { cause })
}

function adviceFor(reason: string, place: string): string {
  if (/extension "vector" is not available|vector\.control/.test(reason)) {
    return (
      `${place} lacks the extension pgvector. Install it on the server ` +
      '(Debian: postgresql-<version>-pgvector; Docker: the image pgvector/pgvector), and run this again.'
    )
  }
  if (/permission denied to create extension "vector"/.test(reason)) {
    return (
      `The user of ${place} may not create the extension pgvector. ` +
      "Let a superuser run 'create extension vector' in that database, and run this again."
    )
  }
  return `The schema of ${place} could not be brought up to date: ${reason}. Nothing was changed.`
}
