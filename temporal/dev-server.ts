import { mkdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { isDatabaseSound } from './database-file.ts'
import { DEV_SERVER_SETTINGS } from './dev-server-flags.ts'
import { adoptOrEndOrphan } from './orphan.ts'
import { type DevServer, runningServer } from './running-server.ts'
import type { ServerRecord } from './server-record.ts'
import { setAside, startFresh, type WantedPlace } from './start-fresh.ts'

export type { DevServer } from './running-server.ts'

export interface DevServerOptions {
  readonly binary: string
  /** Its lock must be held: two servers on one file ruin it without complaint. */
  readonly dataDir: string
  /** @default 127.0.0.1 */
  readonly ip?: string
  /** 0: any free one. @default 7233 */
  readonly port?: number
  /** 0: any free one. @default 8233 */
  readonly uiPort?: number
  /** A taken port is then an error; otherwise the next free one is used. @default false */
  readonly portsAreExplicit?: boolean
  readonly onLog: (line: string) => void
}

/**
 * Starts a Temporal server on `<dataDir>/temporal/temporal.db`, or adopts the one that a killed
 * start left there, and waits until it answers. Only 'exit' is hooked: a program that dies of
 * SIGTERM or SIGHUP without a handler leaves the server to the next start.
 * @throws {DevServerError}
 */
export async function startDevServer(options: DevServerOptions): Promise<DevServer> {
  const { ip = '127.0.0.1', port = 7233, uiPort = 8233, portsAreExplicit = false } = options
  const directory = await ownDirectory(options.dataDir)
  const databaseFile = join(directory, 'temporal.db')
  const wanted: WantedPlace = { ip, port, uiPort, portsAreExplicit, databaseFile }

  const orphan = await adoptOrEndOrphan({
    directory,
    databaseFile,
    isWanted: (record) => fits(record, wanted),
    onLog: options.onLog,
  })
  if (orphan) return runningServer(orphan, directory, { adopted: true })

  const isSound = isDatabaseSound(databaseFile)
  const aside = isSound ? undefined : await setAside(databaseFile, options.onLog)
  return startFresh({ ...options, directory, wanted, setAside: aside })
}

async function ownDirectory(dataDir: string): Promise<string> {
  const directory = join(dataDir, 'temporal')
  await mkdir(directory, { recursive: true, mode: 0o700 })
  return realpath(directory)
}

/** Unless a port was asked for, an adopted server may keep the one it has. */
function fits(record: ServerRecord, wanted: WantedPlace): boolean {
  const isSamePlace = record.port === wanted.port && record.uiPort === wanted.uiPort
  const isSameSetup = `${record.settings}` === `${DEV_SERVER_SETTINGS}` && record.ip === wanted.ip
  return isSameSetup && (isSamePlace || !wanted.portsAreExplicit)
}
