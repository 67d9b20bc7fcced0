import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals'
import { type DevServer, type DevServerOptions, startDevServer } from '../../temporal/dev-server.ts'
import { killNow } from '../../temporal/end-process.ts'
import { identify, type ProcessIdentity } from '../../temporal/process-table.ts'
import { type LineProcess, startLineProcess } from '../support/line-process.ts'
import { temporalBinary } from '../support/temporal.ts'

const PARENT = new URL('./dev-server-parent.ts', import.meta.url)

export interface DevServerRig {
  readonly dataDir: string
  /** What the servers of this test had to say. */
  readonly logged: readonly string[]
  /** In the test's own data folder, on any free ports. */
  start(options?: Partial<DevServerOptions>): Promise<DevServer>
  /** From a process of its own, as an earlier run of the program would have. */
  startFromParent(): Promise<{ parent: LineProcess; pid: number; address: string }>
  databaseFile(): string
  /** Puts the database of a stopped server into place, and returns its path. */
  putDatabase(): string
}

interface Started {
  readonly servers: DevServer[]
  readonly parents: LineProcess[]
  /** Outlive their parents, also when a test fails before it has adopted them. */
  readonly orphans: ProcessIdentity[]
}

/** A data folder per test, and the end of all that was started in it. */
export function devServerRig(): DevServerRig {
  let binary: string
  let template: string
  let rig: Started & { dataDir: string; logged: string[] }

  beforeAll(async () => {
    binary = await temporalBinary()
    template = await makeSoundDatabase(binary)
  })
  afterAll(() => rmSync(template, { recursive: true, force: true }))

  beforeEach(() => {
    const dataDir = mkdtempSync(join(tmpdir(), 'turnkeeper-dev-server-'))
    rig = { dataDir, logged: [], servers: [], parents: [], orphans: [] }
  })
  afterEach(async () => {
    await Promise.all(rig.parents.map((parent) => parent.kill('SIGKILL')))
    await Promise.all(rig.servers.map((server) => server.stop()))
    for (const orphan of rig.orphans) killNow(orphan)
    rmSync(rig.dataDir, { recursive: true, force: true })
  })

  const databaseFile = () => databaseIn(rig.dataDir)
  return {
    get dataDir() {
      return rig.dataDir
    },
    get logged() {
      return rig.logged
    },
    databaseFile,
    async start(options = {}) {
      const { dataDir, logged, servers } = rig
      const onLog = (line: string) => logged.push(line)
      const basics = { binary, dataDir, port: 0, uiPort: 0, onLog }
      const server = await startDevServer({ ...basics, ...options })
      servers.push(server)
      return server
    },
    async startFromParent() {
      const parent = startLineProcess(PARENT, [binary, rig.dataDir])
      rig.parents.push(parent)
      const server = JSON.parse(await parent.nextLine())
      const orphan = identify(server.pid)
      if (orphan) rig.orphans.push(orphan)
      return { parent, ...server }
    },
    putDatabase() {
      mkdirSync(join(rig.dataDir, 'temporal'))
      copyFileSync(databaseIn(template), databaseFile())
      return databaseFile()
    },
  }
}

export function isAlive(pid: number): boolean {
  return identify(pid) !== undefined
}

/** Whether the claim comes true within the limit. */
export async function until(claim: () => boolean, limitMs: number): Promise<boolean> {
  const end = Date.now() + limitMs
  while (!claim() && Date.now() < end) await new Promise(setImmediate)
  return claim()
}

/** Its write-ahead log is folded in, so that the file alone is the database. */
async function makeSoundDatabase(binary: string): Promise<string> {
  const dataDir = mkdtempSync(join(tmpdir(), 'turnkeeper-dev-server-template-'))
  const server = await startDevServer({ binary, dataDir, port: 0, uiPort: 0, onLog: () => {} })
  await server.stop()
  const database = new DatabaseSync(databaseIn(dataDir))
  database.exec('pragma wal_checkpoint(truncate)')
  database.close()
  return dataDir
}

function databaseIn(dataDir: string): string {
  return join(dataDir, 'temporal', 'temporal.db')
}
