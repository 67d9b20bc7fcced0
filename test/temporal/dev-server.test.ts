import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { Client, Connection } from '@temporalio/client'
import { type DevServer, type DevServerOptions, startDevServer } from '../../temporal/dev-server.ts'
import { identify } from '../../temporal/process-table.ts'
import { writeServerRecord } from '../../temporal/server-record.ts'
import { type LineProcess, startLineProcess } from '../support/line-process.ts'
import { temporalBinary } from '../support/temporal.ts'

const PARENT = new URL('./dev-server-parent.ts', import.meta.url)

let binary: string
let template: string
let soundDatabase: string
let dataDir: string
let servers: DevServer[]
let parents: LineProcess[]
let logged: string[]

beforeAll(async () => {
  binary = await temporalBinary()
  template = mkdtempSync(join(tmpdir(), 'turnkeeper-dev-server-template-'))
  soundDatabase = join(template, 'temporal', 'temporal.db')
  const options = { binary, dataDir: template, port: 0, uiPort: 0, onLog: () => {} }
  await (await startDevServer(options)).stop()
  const database = new DatabaseSync(soundDatabase)
  database.exec('pragma wal_checkpoint(truncate)')
  database.close()
})

afterAll(() => rmSync(template, { recursive: true, force: true }))

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'turnkeeper-dev-server-'))
  servers = []
  parents = []
  logged = []
})

afterEach(async () => {
  await Promise.all(parents.map((parent) => parent.kill('SIGKILL')))
  await Promise.all(servers.map((server) => server.stop()))
  rmSync(dataDir, { recursive: true, force: true })
})

async function start(options: Partial<DevServerOptions> = {}): Promise<DevServer> {
  const onLog = (line: string) => logged.push(line)
  const server = await startDevServer({ binary, dataDir, port: 0, uiPort: 0, onLog, ...options })
  servers.push(server)
  return server
}

/** Starts a server from a process of its own, as an earlier run of the program would have. */
async function startFromParent(): Promise<{ parent: LineProcess; pid: number; address: string }> {
  const parent = startLineProcess(PARENT, [binary, dataDir])
  parents.push(parent)
  return { parent, ...JSON.parse(await parent.nextLine()) }
}

async function withClient<T>(server: DevServer, use: (client: Client) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address: server.address })
  try {
    return await use(new Client({ connection }))
  } finally {
    await connection.close()
  }
}

/** Only Linux tells; elsewhere the signal is trusted. */
function isStopped(pid: number): boolean {
  const status = `/proc/${pid}/status`
  return !existsSync(status) || /^State:\s+T/m.test(readFileSync(status, 'utf8'))
}

const isAlive = (pid: number) => identify(pid) !== undefined

async function until(claim: () => boolean, limitMs: number): Promise<boolean> {
  const end = Date.now() + limitMs
  while (!claim() && Date.now() < end) await new Promise(setImmediate)
  return claim()
}

const databaseFile = () => join(dataDir, 'temporal', 'temporal.db')

/** The database of a server that was stopped. */
function putDatabase(): string {
  mkdirSync(join(dataDir, 'temporal'))
  copyFileSync(soundDatabase, databaseFile())
  return databaseFile()
}

describe('a dev server that starts', () => {
  it('knows the search attributes of a turn and serves its Web UI', async () => {
    const server = await start()
    const known = await withClient(server, ({ connection }) =>
      connection.operatorService.listSearchAttributes({ namespace: 'default' }),
    )
    expect(Object.keys(known.customAttributes ?? {}).sort()).toEqual(['AgentId', 'RoomId'])
    expect((await fetch(server.uiUrl)).status).toBe(200)
    expect(server.adopted).toBe(false)
    expect(server.setAside).toBeUndefined()
  })

  it('still has its workflows after a stop and a start', async () => {
    const options = { taskQueue: 'nobody', workflowId: 'turn:kept:1' }
    const before = await start()
    await withClient(before, (client) => client.workflow.start('turnWorkflow', options))
    await before.stop()
    expect(isAlive(before.pid)).toBe(false)

    const after = await start()
    const description = await withClient(after, (client) =>
      client.workflow.getHandle(options.workflowId).describe(),
    )
    expect(description.status.name).toBe('RUNNING')
  })

  it('does not get the keys and tokens of our environment', async () => {
    process.env.TURNKEEPER_TEST_CANARY = 'canary'
    const server = await start()
    delete process.env.TURNKEEPER_TEST_CANARY
    const environ = `/proc/${server.pid}/environ`
    expect(existsSync(environ) ? readFileSync(environ, 'utf8') : 'PATH=').toContain('PATH=')
    expect(existsSync(environ) ? readFileSync(environ, 'utf8') : '').not.toContain('canary')
  })
})

describe('ports', () => {
  let squatter: Server
  let taken: number

  beforeEach(async () => {
    squatter = createServer().listen(0, '127.0.0.1')
    await once(squatter, 'listening')
    const address = squatter.address()
    taken = typeof address === 'object' && address ? address.port : 0
  })

  afterEach(() => {
    squatter.close()
  })

  it('are the next free ones when the default ones are taken', async () => {
    const server = await start({ port: taken, uiPort: taken })
    const port = Number(server.address.split(':')[1])
    expect(port).toBeGreaterThan(taken)
    expect(logged).toEqual([`Port ${taken} is taken; Temporal listens on ${port}.`])
  })

  it.each([
    ['the frontend', () => ({ port: taken })],
    ['the Web UI', () => ({ uiPort: taken, port: taken - 1 })],
  ])('that were asked for and are taken, for %s, are an error', async (_name, ports) => {
    const starting = start({ ...ports(), portsAreExplicit: true })
    await expect(starting).rejects.toMatchObject({ code: 'temporal_not_started' })
    await expect(starting).rejects.toThrow(`Port ${taken} on 127.0.0.1, set for the Temporal`)
  })
})

describe('the end of the parent', () => {
  it('ends the server when it is orderly', async () => {
    const { parent, pid } = await startFromParent()
    parent.write('exit')
    await once(parent.child, 'exit')
    expect(await until(() => !isAlive(pid), 2_000)).toBe(true)
  })

  it('by SIGKILL leaves the server, which the next start adopts and can stop', async () => {
    const { parent, pid, address } = await startFromParent()
    await parent.kill('SIGKILL')
    expect(isAlive(pid)).toBe(true)

    const server = await start()
    expect(server).toMatchObject({ adopted: true, pid, address })
    await server.stop()
    expect(isAlive(pid)).toBe(false)
    expect((await start()).adopted).toBe(false)
  })

  it('by SIGKILL leaves a server that is ended when other ports are asked for', async () => {
    const { parent, pid } = await startFromParent()
    await parent.kill('SIGKILL')
    const server = await start({
      port: await freePort(),
      uiPort: await freePort(),
      portsAreExplicit: true,
    })
    expect(server.adopted).toBe(false)
    expect(isAlive(pid)).toBe(false)
  })

  it('by SIGKILL leaves a server that is ended when it does not answer', async () => {
    const { parent, pid } = await startFromParent()
    await parent.kill('SIGKILL')
    process.kill(pid, 'SIGSTOP')
    // On a busy machine its threads run on for a while, and may even answer.
    expect(await until(() => isStopped(pid), 5_000)).toBe(true)
    const server = await start()
    expect(server.adopted).toBe(false)
    expect(server.pid).not.toBe(pid)
    expect(isAlive(pid)).toBe(false)
  })
})

describe('a process that is not our orphan', () => {
  /** A stranger with the given arguments, and its identity. */
  async function stranger(args: readonly string[] = []) {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 60000)', ...args])
    await once(child, 'spawn')
    const identity = identify(child.pid ?? 0)
    if (!identity) throw new Error('The stranger did not start.')
    return { child, identity }
  }

  const recorded = (identity: { pid: number; startedAt: string }) => {
    const place = { databaseFile: databaseFile(), ip: '127.0.0.1', port: 1, uiPort: 2 }
    writeServerRecord(join(dataDir, 'temporal'), { ...identity, ...place, settings: [] })
  }

  it('is left alone when only pid and start time match', async () => {
    putDatabase()
    const { child, identity } = await stranger()
    recorded(identity)
    expect((await start()).adopted).toBe(false)
    expect(isAlive(identity.pid)).toBe(true)
    child.kill('SIGKILL')
  })

  it('is left alone when only pid and data folder match', async () => {
    putDatabase()
    const { child, identity } = await stranger([databaseFile()])
    recorded({ ...identity, startedAt: 'another time' })
    expect((await start()).adopted).toBe(false)
    expect(isAlive(identity.pid)).toBe(true)
    child.kill('SIGKILL')
  })

  it('is named, and stops the start, when it is an unrecorded server on our file', async () => {
    putDatabase()
    const { child, identity } = await stranger(['start-dev', databaseFile()])
    await expect(start()).rejects.toThrow(`The process ${identity.pid} has Temporal's database`)
    expect(isAlive(identity.pid)).toBe(true)
    child.kill('SIGKILL')
  })
})

describe('a database that cannot be opened', () => {
  it.each([
    ['is no database', (file: string) => writeFileSync(file, randomBytes(100_000))],
    ['is empty', (file: string) => writeFileSync(file, '')],
    ['was cut in the middle', (file: string) => truncateSync(file, 200_000)],
    [
      'is damaged in the middle',
      (file: string) => {
        const bytes = readFileSync(file)
        bytes.fill(0xaa, 40_000, 60_000)
        writeFileSync(file, bytes)
      },
    ],
  ])('because it %s is set aside, and the server starts empty', async (_name, damage) => {
    const file = putDatabase()
    damage(file)
    const bytes = readFileSync(file)
    const server = await start()
    expect(server.setAside).toMatch(/temporal\.db\.set-aside-\d{4}/)
    expect(readFileSync(server.setAside ?? '').equals(bytes)).toBe(true)
    expect(logged.join()).toContain(`It is kept as '${server.setAside}'`)
    const workflows = await withClient(server, (client) => client.workflow.count())
    expect(workflows.count).toBe(0)
  })

  it('takes its write-ahead log along', async () => {
    const file = putDatabase()
    writeFileSync(file, randomBytes(100_000))
    writeFileSync(`${file}-wal`, 'of the damaged one')
    const server = await start()
    expect(readFileSync(`${server.setAside}-wal`, 'utf8')).toBe('of the damaged one')
  })
})

describe('a server that does not start', () => {
  it('says what it printed', async () => {
    const failing = join(dataDir, 'failing')
    writeFileSync(failing, '#!/bin/sh\necho "no such flag"\nexit 3\n', { mode: 0o755 })
    await expect(start({ binary: failing })).rejects.toThrow(
      /The Temporal server ended with code 3. It said: 'no such flag'. Its log is '.*server.log'/,
    )
  })

  it('is named when it cannot be executed', async () => {
    const missing = join(dataDir, 'missing')
    await expect(start({ binary: missing })).rejects.toThrow(`'${missing}' cannot be started`)
  })

  it('does not cost the database its place', async () => {
    const file = putDatabase()
    const failing = join(dataDir, 'failing')
    writeFileSync(failing, '#!/bin/sh\necho "sqlite: the disk is full"\nexit 1\n', { mode: 0o755 })
    await expect(start({ binary: failing })).rejects.toThrow('ended with code 1')
    expect(existsSync(file)).toBe(true)
  })
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  return typeof address === 'object' && address ? address.port : 0
}
