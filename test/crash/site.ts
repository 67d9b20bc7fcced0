import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, Connection } from '@temporalio/client'
import pg from 'pg'
import { migrate } from '../../database/migrate.ts'
import { openDatabase } from '../../database/open.ts'
import { bundleWorkflows } from '../../workers/agent-worker.ts'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'
import { startTestTemporal } from '../support/temporal.ts'

/** What all houses of a run share: servers, and what is made once. */
export interface Site {
  /** The URL of a new database with all tables. */
  createDatabase(): Promise<string>
  readonly temporalAddress: string
  readonly temporal: Client
  /** The Workflow code, for every worker. */
  readonly bundleFile: string
  /** Node's cache of compiled modules: halves the start of a process. */
  readonly compileCache: string
  close(): Promise<void>
}

export async function openSite(): Promise<Site> {
  const folder = await mkdtemp(join(tmpdir(), 'turnkeeper-crash-'))
  const [postgres, temporal, bundle] = await Promise.all([
    startPostgres(),
    startTestTemporal(),
    bundleWorkflows(),
  ])
  const bundleFile = join(folder, 'workflows.js')
  await writeFile(bundleFile, 'code' in bundle ? bundle.code : '')
  const connection = await Connection.connect({ address: temporal.address })
  const template = await migratedDatabase(postgres)
  const server = new pg.Pool({ connectionString: postgres.url, max: 1 })
  let databases = 0
  return {
    temporalAddress: temporal.address,
    temporal: new Client({ connection }),
    bundleFile,
    compileCache: join(folder, 'compiled'),
    async createDatabase() {
      databases += 1
      const url = new URL(template)
      const source = url.pathname.slice(1)
      url.pathname = `${source}_${databases}`
      // The names are ours; a copy of a folder is far cheaper than the statements of all migrations.
      await server.query(`create database ${source}_${databases} template ${source}`)
      return url.href
    },
    async close() {
      await Promise.all([connection.close(), server.end()])
      await Promise.all([temporal.stop(), postgres.stop()])
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function migratedDatabase(postgres: TestPostgres): Promise<string> {
  const postgresUrl = await postgres.createDatabase()
  const database = await openDatabase({ postgresUrl, poolSize: 2 })
  await migrate(database)
  await database.close()
  return postgresUrl
}
