import { sql } from 'kysely'
import { migrationStatus } from '../database/migrate.ts'
import { type OpenDatabase, openDatabase } from '../database/open.ts'
import type { Config } from '../schema/config.ts'
import { connectTemporal } from '../temporal/connection.ts'
import type { Finding } from './doctor-checks.ts'

/** Whether Postgres answers, has pgvector, and how its schema stands. Changes nothing. */
export async function examinePostgres(postgresUrl: string): Promise<Finding[]> {
  const opened = await openDatabase({ postgresUrl, poolSize: 2 })
  try {
    const version = await sql<{ server_version: string }>`show server_version`.execute(opened.db)
    const found = version.rows[0]?.server_version ?? 'unknown'
    const message = `${opened.name} answers, version ${found}`
    return [{ name: 'database', state: 'ok', message }, await vector(opened), await schema(opened)]
  } catch (error) {
    const message = `${opened.name} cannot be used: ${reasonOf(error)}`
    return [
      { name: 'database', state: 'fail', message, advice: 'Start it, or correct POSTGRES_URL.' },
    ]
  } finally {
    await opened.close()
  }
}

async function vector({ db }: OpenDatabase): Promise<Finding> {
  const name = 'pgvector'
  const { rows } = await sql<{ default_version: string }>`
    select default_version from pg_available_extensions where name = 'vector'`.execute(db)
  if (rows[0]) return { name, state: 'ok', message: `version ${rows[0].default_version}` }
  const advice = 'Install it on the server (Debian: postgresql-<version>-pgvector).'
  return { name, state: 'fail', message: 'the server does not have it', advice }
}

async function schema(opened: OpenDatabase): Promise<Finding> {
  const name = 'schema'
  const { pending, unknown } = await migrationStatus(opened)
  if (unknown.length > 0) {
    const message = `it is newer than this program, which does not know '${unknown.join("', '")}'`
    return { name, state: 'fail', message, advice: 'Update this program.' }
  }
  if (pending.length === 0) return { name, state: 'ok', message: 'up to date' }
  const advice = "Run 'turnkeeper migrate'; dev, api and worker do it at their start too."
  return { name, state: 'warn', message: `${pending.length} migrations are due`, advice }
}

/** Whether the Temporal server that is configured answers. */
export async function examineTemporal(config: Config): Promise<Finding> {
  const name = 'temporal'
  const where = `'${config.temporalAddress}'`
  try {
    const { connection, namespace, hasSearchAttributes } = await connectTemporal({
      env: config.temporalEnv,
    })
    await connection.close()
    const message = `${where} answers, namespace '${namespace}'`
    if (hasSearchAttributes) return { name, state: 'ok', message }
    const advice = 'Add AgentId and RoomId as Keyword attributes to search turns in the Web UI.'
    return { name, state: 'warn', message: `${message}, without our search attributes`, advice }
  } catch (error) {
    const message = `${where} does not answer: ${reasonOf(error)}`
    return { name, state: 'fail', message, advice: 'Start it, or correct TEMPORAL_ADDRESS.' }
  }
}

const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message || error.name : String(error)
