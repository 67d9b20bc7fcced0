import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setAsideDatabase } from './database-file.ts'
import { DevServerError } from './dev-server-error.ts'
import type { DevServerPlace } from './dev-server-flags.ts'
import { freePortFrom, isPortFree } from './free-port.ts'
import { type DevServer, runningServer } from './running-server.ts'
import { serverAnswers } from './server-answers.ts'
import { type ServerChild, startChild } from './server-child.ts'

/** It is healthy after 0.3 s; a cold disk and a busy machine take longer. */
const READY_LIMIT_MS = 20_000
/** Another program may take a port between our look and the server's start. */
const MAX_STARTS = 5

export interface WantedPlace extends DevServerPlace {
  readonly portsAreExplicit: boolean
}

export interface FreshStart {
  readonly binary: string
  readonly directory: string
  readonly wanted: WantedPlace
  readonly setAside: string | undefined
  readonly onLog: (line: string) => void
}

/** Starts a server that nobody has started yet, and waits until it answers. */
export async function startFresh(start: FreshStart, startsLeft = MAX_STARTS): Promise<DevServer> {
  const { directory, wanted } = start
  const place = await choosePorts(start)
  const hadDatabase = existsSync(wanted.databaseFile)
  const child = await startChild(start.binary, directory, place)
  const server = runningServer(child.record, directory, {
    adopted: false,
    setAside: start.setAside,
  })
  if (await becomesReady(child)) return server

  await server.stop()
  const failure = classify(child)
  if (failure === 'port' && !wanted.portsAreExplicit && startsLeft > 1) {
    return startFresh(start, startsLeft - 1)
  }
  if (failure === 'database' && hadDatabase && !start.setAside) {
    return startFresh({ ...start, setAside: await setAside(wanted.databaseFile, start.onLog) })
  }
  throw notReady(child, directory)
}

async function choosePorts({ wanted, onLog }: FreshStart): Promise<DevServerPlace> {
  const { ip, databaseFile } = wanted
  if (wanted.portsAreExplicit) {
    for (const port of [wanted.port, wanted.uiPort]) await requireFree(port, ip)
    return wanted
  }
  const port = await freePortFrom(wanted.port, ip)
  const uiPort = await freePortFrom(wanted.uiPort, ip, port)
  if (wanted.port !== 0 && port !== wanted.port) {
    onLog(`Port ${wanted.port} is taken; Temporal listens on ${port}.`)
  }
  return { ip, port, uiPort, databaseFile }
}

async function requireFree(port: number, ip: string): Promise<void> {
  if (await isPortFree(port, ip)) return
  throw new DevServerError(
    `Port ${port} on ${ip}, set for the Temporal server, is taken by another program. Stop that ` +
      'program, set another port, or set none: then a free one is chosen.',
  )
}

/** Puts a damaged database away and says so. */
export async function setAside(file: string, onLog: (line: string) => void): Promise<string> {
  const aside = await setAsideDatabase(file)
  onLog(`Temporal's database could not be opened. It is kept as '${aside}'; an empty one is used.`)
  return aside
}

/** Its Web UI may end it even after the frontend has answered, when its port was taken meanwhile. */
async function becomesReady(child: ServerChild): Promise<boolean> {
  const answers = await serverAnswers(`${child.record.ip}:${child.record.port}`, {
    limitMs: READY_LIMIT_MS,
    // Printed once it has its ports; before that, another server may answer on them.
    hasStarted: () => /Server:\s/.test(child.output()),
    isHopeless: () => child.ending() !== undefined,
  })
  return answers && child.ending() === undefined
}

/**
 * Why it ended by itself, by what it printed. A server that is merely slow is no reason to put its
 * database away, and neither is a disk that is full.
 */
function classify(child: ServerChild): 'port' | 'database' | 'other' {
  const output = child.output()
  if (child.ending() === undefined || /is full|read-?only|permission/i.test(output)) return 'other'
  if (/address already in use/i.test(output)) return 'port'
  return /sqlite|SQL logic|not a database|malformed/i.test(output) ? 'database' : 'other'
}

function notReady(child: ServerChild, directory: string): DevServerError {
  const what = child.ending() ?? `did not answer within ${READY_LIMIT_MS / 1000} s`
  return new DevServerError(
    `The Temporal server ${what}. It said: '${child.output()}'. Its log is ` +
      `'${join(directory, 'server.log')}'; free what it complains about, then start again.`,
  )
}
