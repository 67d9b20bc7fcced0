import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chown, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import pg from 'pg'
import { freePortFrom } from '../../temporal/free-port.ts'
import { postgresInstallation } from '../support/postgres-wheel.ts'

const run = promisify(execFile)

/** A server that comes back on its port, with all that it had promised. */
export interface StoppablePostgres {
  readonly url: string
  /** `immediate`: its processes die at once, and it recovers from its log; `fast`: it closes connections first. */
  stop(how: 'immediate' | 'fast'): Promise<void>
  start(): Promise<void>
  /** Stops all of its processes where they stand. @returns what lets them go on */
  freeze(): Promise<() => void>
  isUp(): boolean
  close(): Promise<void>
}

const IP = '127.0.0.1'
const START_MS = 60_000
/** As processes die, not machines: what the operating system has is safe. */
const SETTINGS = ['fsync=off', 'full_page_writes=off', 'max_connections=120']

/** Reads how the server is to be stopped; the end of the input is the runner's death. */
const KEEPER =
  '"$@" </dev/null >>"$FOLDER/log" 2>&1 & pid=$!; if read how; then kill -$how $pid; wait $pid; ' +
  'else kill -QUIT $pid; wait $pid; rm -rf "$FOLDER"; fi'

const SIGNALS = { immediate: 'QUIT', fast: 'INT' } as const

export async function startStoppablePostgres(): Promise<StoppablePostgres> {
  const bin = join(await postgresInstallation(), 'bin')
  const owner = unprivilegedUser()
  const folder = await mkdtemp(join(tmpdir(), 'turnkeeper-fuzz-postgres-'))
  const data = join(folder, 'data')
  if (owner) await chown(folder, owner.uid, owner.gid)
  const initdb = ['-D', data, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--no-sync']
  await run(join(bin, 'initdb'), [...initdb, '--locale=C'], { ...owner, cwd: folder })
  const port = await freePortFrom(0, IP)
  const settings = [`listen_addresses=${IP}`, `port=${port}`, `unix_socket_directories=${folder}`]
  const server = [
    ...[join(bin, 'postgres'), '-D', data],
    ...[...settings, ...SETTINGS].flatMap((setting) => ['-c', setting]),
  ]
  const url = `postgres://postgres@${IP}:${port}/postgres`
  let keeper: ChildProcess | undefined
  const start = async () => {
    keeper = spawn('sh', ['-c', KEEPER, 'sh', ...server], {
      ...{ ...owner, cwd: folder, detached: true, stdio: ['pipe', 'ignore', 'ignore'] },
      env: { ...process.env, FOLDER: folder },
    })
    await answers(url)
  }
  const stop = async (how: 'immediate' | 'fast') => {
    const stopped = keeper
    keeper = undefined
    if (!stopped) return
    const ended = once(stopped, 'exit')
    stopped.stdin?.end(`${SIGNALS[how]}\n`)
    await ended
  }
  await start()
  return {
    ...{ url, start, stop },
    isUp: () => keeper !== undefined,
    async freeze() {
      const pids = await processesOf(data)
      for (const pid of pids) send(pid, 'SIGSTOP')
      return () => {
        for (const pid of pids) send(pid, 'SIGCONT')
      }
    },
    async close() {
      await stop('immediate')
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Postgres refuses to run as root. */
function unprivilegedUser(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  const id = (flag: string) => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

async function answers(url: string): Promise<void> {
  const deadline = Date.now() + START_MS
  for (;;) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 })
    client.on('error', () => undefined)
    try {
      await client.connect()
      return await client.end()
    } catch (error) {
      if (Date.now() > deadline) throw error
      await delay(50)
    }
  }
}

/** The postmaster and its children. */
async function processesOf(data: string): Promise<number[]> {
  const master = Number((await readFile(join(data, 'postmaster.pid'), 'utf8')).split('\n')[0])
  const { stdout } = await run('ps', ['-A', '-o', 'pid=,ppid='])
  const children = stdout.split('\n').flatMap((line) => {
    const [pid, parent] = line.trim().split(/\s+/).map(Number)
    return parent === master && pid !== undefined ? [pid] : []
  })
  return [master, ...children]
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended by itself.
  }
}
