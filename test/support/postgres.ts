import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chown, mkdtemp, readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { postgresInstallation } from './postgres-wheel.ts'

const run = promisify(execFile)
const START_TIMEOUT_MS = 30_000

/** A real Postgres 18 with pgvector, of which nothing is left after `stop`. */
export interface TestPostgres {
  /** Superuser, database `postgres`. */
  readonly url: string
  /** The URL of a new, empty database. */
  createDatabase(): Promise<string>
  stop(): Promise<void>
}

/**
 * Starts a server on a free port of 127.0.0.1, in one to two seconds; one per test file is enough.
 * Without fsync and with 200 connections. It ends with this process, even when that is killed.
 */
export async function startPostgres(): Promise<TestPostgres> {
  const bin = join(await postgresInstallation(), 'bin')
  const owner = unprivilegedUser()
  const { port, keeper } = await startOnFreePort({ bin, owner })
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`
  return { url, createDatabase: () => createDatabase(url), stop: () => stop(keeper) }
}

interface Installation {
  readonly bin: string
  readonly owner: { readonly uid: number; readonly gid: number } | undefined
}

interface Server {
  readonly port: number
  /** The shell that holds the server. */
  readonly keeper: ChildProcess
}

const INITDB = (data: string) => [
  ...['-D', data, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--no-sync'],
  ...['--locale-provider=builtin', '--locale=C.UTF-8', '--no-instructions'],
]

/** Postgres refuses to run as root. */
function unprivilegedUser(): Installation['owner'] {
  if (process.getuid?.() !== 0) return undefined
  const id = (flag: string) => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

async function startOnFreePort(installation: Installation, triesLeft = 3): Promise<Server> {
  const folder = await initdb(installation)
  const port = await freePort()
  const keeper = spawnServer(installation, { folder, port })
  try {
    await ready(folder)
    return { port, keeper }
  } catch (error) {
    await stop(keeper)
    // Between choosing the port and taking it, another test file may have taken it.
    const taken = error instanceof Error && error.message.includes('in use')
    if (taken && triesLeft > 1) return startOnFreePort(installation, triesLeft - 1)
    throw error
  }
}

/** A new folder with a cluster in `data`; the log and the socket join it. */
async function initdb({ bin, owner }: Installation): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'turnkeeper-test-postgres-'))
  if (owner) await chown(folder, owner.uid, owner.gid)
  await run(join(bin, 'initdb'), INITDB(join(folder, 'data')), { ...owner, cwd: folder })
  return folder
}

/**
 * A shell holds the server and waits for the end of its own input: this process' death closes the
 * pipe whatever its cause, so that no server outlives its tests. Its folder goes with it.
 */
const KEEPER =
  'log=$1; shift; "$@" </dev/null >"$log" 2>&1 & pid=$!; cat >/dev/null; kill -QUIT $pid; wait $pid; rm -rf "$FOLDER"'

function spawnServer(
  { bin, owner }: Installation,
  { folder, port }: { folder: string; port: number },
): ChildProcess {
  const settings = [
    ...['listen_addresses=127.0.0.1', `port=${port}`, `unix_socket_directories=${folder}`],
    ...['max_connections=200', 'fsync=off', 'synchronous_commit=off', 'full_page_writes=off'],
  ].flatMap((setting) => ['-c', setting])
  const server = [join(bin, 'postgres'), '-D', join(folder, 'data'), ...settings]
  return spawn('sh', ['-c', KEEPER, 'sh', join(folder, 'log'), ...server], {
    ...owner,
    cwd: folder,
    // Ctrl-C in a terminal must reach the tests only, or the shell would not tidy up.
    detached: true,
    env: { ...process.env, FOLDER: folder },
    stdio: ['pipe', 'ignore', 'ignore'],
  })
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.stdin?.end()
  await ended
}

/**
 * Reads the server's own files instead of connecting: whoever answers on the port could be another
 * test's server that was faster.
 */
async function ready(folder: string): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS
  for (;;) {
    const status = await readFile(join(folder, 'data', 'postmaster.pid'), 'utf8').catch(() => '')
    if (/^ready/m.test(status)) return
    const log = await readFile(join(folder, 'log'), 'utf8').catch(() => '')
    if (log.includes('FATAL') || Date.now() > deadline) {
      throw new Error(`The tests' Postgres did not start. Its log: ${log.slice(-2_000)}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

async function createDatabase(serverUrl: string): Promise<string> {
  const name = `test_${randomBytes(6).toString('hex')}`
  await query(serverUrl, `create database ${name}`)
  const url = new URL(serverUrl)
  url.pathname = name
  return url.href
}

async function query(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(text)
  } finally {
    await client.end()
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  if (address === null || typeof address === 'string') throw new Error('No TCP port was given.')
  return address.port
}
