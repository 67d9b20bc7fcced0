import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DevServerError } from './dev-server-error.ts'
import { DEV_SERVER_SETTINGS, type DevServerPlace, devServerArgs } from './dev-server-flags.ts'
import { identify, type ProcessIdentity } from './process-table.ts'
import { type ServerRecord, writeServerRecord } from './server-record.ts'

/** What the server needs of the environment; keys and tokens are none of its business. */
const PASSED_ON = ['PATH', 'HOME', 'TMPDIR', 'TZ', 'SystemRoot', 'USERPROFILE', 'TEMP'] as const

export interface ServerChild {
  readonly record: ServerRecord
  /** Undefined while it runs. */
  ending(): string | undefined
  /** What it printed, its last lines. */
  output(): string
}

/**
 * Starts the server in a session of its own, so that Ctrl-C reaches only us and running turns can
 * be drained first. It prints into a file: writing to the pipe of a dead parent would kill it, and
 * the next start could not adopt it.
 */
export async function startChild(
  binary: string,
  directory: string,
  place: DevServerPlace,
): Promise<ServerChild> {
  const logFile = join(directory, 'server.log')
  const log = openSync(logFile, 'w', 0o600)
  const child = spawn(binary, devServerArgs(place), {
    cwd: directory,
    detached: true,
    windowsHide: true,
    env: Object.fromEntries(PASSED_ON.map((name) => [name, process.env[name]])),
    stdio: ['ignore', log, log],
  })
  closeSync(log)
  const identity = child.pid === undefined ? undefined : identify(child.pid)
  if (identity) writeServerRecord(directory, recordOf(identity, place))

  let ending: string | undefined
  child.once('exit', (code, signal) => {
    ending = signal ? `ended by ${signal}` : `ended with code ${code}`
  })
  await spawned(child, binary)
  child.unref()
  return {
    record: recordOf(identity ?? { pid: child.pid ?? 0, startedAt: '' }, place),
    ending: () => ending,
    output: () => lastWords(readFileSync(logFile, 'utf8')),
  }
}

/** Its last lines, without Go's stacks: the reason stands above them. */
function lastWords(log: string): string {
  const told = log.replace(/\n\ngoroutine \d+ [\s\S]*/, '')
  return told.trim().split('\n').slice(-10).join('\n')
}

function recordOf(identity: ProcessIdentity, place: DevServerPlace): ServerRecord {
  return { ...identity, ...place, settings: [...DEV_SERVER_SETTINGS] }
}

function spawned(child: ReturnType<typeof spawn>, binary: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  child.once('spawn', resolve)
  child.once('error', (cause) => {
    reject(new DevServerError(`'${binary}' cannot be started: ${cause.message}.`, { cause }))
  })
  return promise
}
