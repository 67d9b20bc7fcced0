import { execFile, spawnSync } from 'node:child_process'
import { mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { Connection } from '@temporalio/client'
import pg from 'pg'
import { AGENT_ID, ROOM_ID } from '../../temporal/connection.ts'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'
import { postgresInstallation } from '../support/postgres-wheel.ts'
import { startTestTemporal, type TestTemporal, temporalBinary } from '../support/temporal.ts'
import { ROOT } from './compose-file.ts'

interface Ending {
  readonly code: number | null
  readonly output: string
}

/** Runs a script of `deploy/` as its container does: by sh, with what it needs on the PATH. */
function runScript(path: string, programs: string, env: Record<string, string>): Promise<Ending> {
  return new Promise((resolve) => {
    const options = { env: { ...process.env, PATH: `${programs}:${process.env.PATH}`, ...env } }
    const child = execFile('sh', [join(ROOT, 'deploy', path)], options, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode, output: stdout + stderr }),
    )
  })
}

describe('deploy/temporal/create-namespace.sh', () => {
  let temporal: TestTemporal
  let programs: string
  beforeAll(async () => {
    temporal = await startTestTemporal()
    programs = await mkdtemp(join(tmpdir(), 'turnkeeper-programs-'))
    await symlink(await temporalBinary(), join(programs, 'temporal'))
  })
  afterAll(async () => {
    await temporal?.stop()
    await rm(programs, { recursive: true, force: true })
  })

  const create = (env: Record<string, string>) =>
    runScript('temporal/create-namespace.sh', programs, {
      TRIES: '5',
      TEMPORAL_ADDRESS: temporal.address,
      ...env,
    })

  it('makes the namespace with its retention and the attributes that turns carry', async () => {
    const env = { TEMPORAL_NAMESPACE: 'chats', RETENTION: '48h' }
    expect(await create(env)).toMatchObject({ code: 0 })

    const connection = await Connection.connect({ address: temporal.address })
    const { config } = await connection.workflowService.describeNamespace({ namespace: 'chats' })
    expect(Number(config?.workflowExecutionRetentionTtl?.seconds)).toBe(48 * 3600)
    const found = await connection.operatorService.listSearchAttributes({ namespace: 'chats' })
    expect(Object.keys(found.customAttributes)).toEqual(
      expect.arrayContaining([AGENT_ID.name, ROOM_ID.name]),
    )
    await connection.close()
  })

  it('leaves what is there when it runs again', async () => {
    const env = { TEMPORAL_NAMESPACE: 'again' }
    expect(await create(env)).toMatchObject({ code: 0 })
    expect(await create(env)).toMatchObject({ code: 0 })
  })

  it('says what failed where when there is no server', async () => {
    const { code, output } = await create({ TEMPORAL_ADDRESS: '127.0.0.1:1', TRIES: '1' })
    expect(code).toBe(1)
    expect(output).toContain('Waiting for the server failed at 127.0.0.1:1')
  })
})

describe('deploy/postgres/create-databases.sh', () => {
  let postgres: TestPostgres
  beforeAll(async () => {
    postgres = await startPostgres()
    const { port } = new URL(postgres.url)
    const env = {
      ...{ PGHOST: '127.0.0.1', PGPORT: port, POSTGRES_USER: 'postgres' },
      ...{ DB_PASSWORD_TURNKEEPER: "it's a \\secret", DB_PASSWORD_TEMPORAL: 'other' },
    }
    const programs = join(await postgresInstallation(), 'bin')
    expect(await runScript('postgres/create-databases.sh', programs, env)).toEqual({
      code: 0,
      output: '',
    })
  })
  afterAll(() => postgres?.stop())

  async function queryAs(user: string, database: string, text: string): Promise<unknown[]> {
    const url = new URL(postgres.url)
    url.username = user
    url.pathname = database
    const client = new pg.Client({ connectionString: url.href })
    await client.connect()
    return (await client.query(text).finally(() => client.end())).rows
  }

  it('lets the migrations of Turnkeeper find pgvector, and make tables', async () => {
    await queryAs('turnkeeper', 'turnkeeper', 'create extension if not exists vector')
    await queryAs('turnkeeper', 'turnkeeper', 'create table facts (embedding vector(3))')
  })

  it.each(['temporal', 'temporal_visibility'])('gives Temporal the database %s', async (name) => {
    await queryAs('temporal', name, 'create table tasks (id integer)')
  })

  it.each([
    ['temporal', 'turnkeeper'],
    ['turnkeeper', 'temporal'],
  ])('keeps %s out of the database %s', async (user, database) => {
    await expect(queryAs(user, database, 'select 1')).rejects.toThrow('permission denied')
  })

  it('makes no administrators', async () => {
    const rows = await queryAs(
      'postgres',
      'postgres',
      "select rolname from pg_roles where rolname in ('turnkeeper', 'temporal') and (rolsuper or rolcreatedb or rolcreaterole)",
    )
    expect(rows).toEqual([])
  })
})

it.each([
  'postgres/create-databases.sh',
  'temporal/create-namespace.sh',
  'temporal/create-schema.sh',
])('deploy/%s is understood by a plain sh', (path) => {
  const { status, stderr } = spawnSync('sh', ['-n', join(ROOT, 'deploy', path)], {
    encoding: 'utf8',
  })
  expect([status, stderr]).toEqual([0, ''])
})
