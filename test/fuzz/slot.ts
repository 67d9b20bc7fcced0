import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { type CuttableProxy, startProxy } from '../streams/cuttable-proxy.ts'
import { READY, SEAT_VARIABLE, type Seat } from './seat.ts'

/** The place of one process: killed, it is started again, on the same wires. */
export interface Slot {
  readonly name: string
  readonly role: Seat['role']
  readonly wires: { readonly postgres: CuttableProxy; readonly temporal: CuttableProxy }
  /** It works, as far as it says itself. */
  isUp(): boolean
  /** Of an api that is up. */
  url(): string | undefined
  /** Starts it, and again whenever it ends, until `close`. */
  start(): void
  signal(name: NodeJS.Signals): void
  /** Ends it and starts another after `downMs`. */
  end(name: 'SIGKILL' | 'SIGTERM', downMs: number): Promise<void>
  /** Times that it died of something else than us, after it had worked. */
  casualties(): number
  close(): Promise<void>
}

export interface SlotOptions {
  readonly name: string
  readonly seat: Seat
  readonly postgresUrl: string
  readonly temporalAddress: string
  readonly env: Readonly<Record<string, string>>
  readonly logFile: string
  note(what: object): void
}

/** Longer than the drain. */
const END_MS = 12_000
/** A process that could not begin, because a server was away, is started again as an orchestrator would. */
const PAUSE_MS = 1_000

const PROGRAM = fileURLToPath(new URL('./fuzz-process.ts', import.meta.url))
/** Settings of the machine that would change what is tested. */
const FOREIGN = /^(TURNKEEPER|TEMPORAL|OPENAI|ELIZA|SERVER|POSTGRES|EXPRESS|LOG|CORS|SECRET)_/

export async function openSlot(options: SlotOptions): Promise<Slot> {
  const { name, seat, note } = options
  const [postgres, temporal] = await Promise.all([
    startProxy(options.postgresUrl),
    startProxy(`tcp://${options.temporalAddress}`),
  ])
  const wires = { postgres, temporal }
  let child: ChildProcess | undefined
  let url: string | undefined
  let timer: NodeJS.Timeout | undefined
  let isClosed = false
  let casualties = 0
  const ended = (of: ChildProcess, isOurs: boolean) => {
    if (url !== undefined && !isOurs) casualties += 1
    if (child === of) url = undefined
    if (!isOurs) later(PAUSE_MS)
  }
  const ours = new WeakSet<ChildProcess>()
  const start = () => {
    if (isClosed) return
    const born = launch(options, wires)
    child = born
    const lines = born.stdout && createInterface({ input: born.stdout })
    lines?.on('line', (line) => {
      if (!line.startsWith(READY) || child !== born) return
      url = line.slice(READY.length)
      note({ event: 'ready', who: name })
    })
    born.once('exit', (code, signal) => {
      note({ event: 'ended', who: name, code, signal, isOurs: ours.has(born) })
      ended(born, ours.has(born))
    })
  }
  const later = (ms: number) => {
    clearTimeout(timer)
    timer = setTimeout(start, ms)
  }
  const end = async (signal: 'SIGKILL' | 'SIGTERM') => {
    if (!child || hasEnded(child)) return
    ours.add(child)
    url = undefined
    await stop(child, signal)
  }
  return {
    ...{ name, role: seat.role, wires, start },
    isUp: () => url !== undefined,
    url: () => url || undefined,
    signal: (signal) => void child?.kill(signal),
    async end(signal, downMs) {
      await end(signal)
      later(downMs)
    },
    casualties: () => casualties,
    async close() {
      isClosed = true
      clearTimeout(timer)
      await end('SIGKILL')
      await Promise.all([postgres.close(), temporal.close()])
    },
  }
}

function launch(
  { name, seat, env, logFile }: SlotOptions,
  { postgres, temporal }: Slot['wires'],
): ChildProcess {
  const kept = Object.entries(process.env).filter(([variable]) => !FOREIGN.test(variable))
  const log = openSync(logFile, 'a')
  const child = spawn(process.execPath, [PROGRAM], {
    env: {
      ...Object.fromEntries(kept),
      ...env,
      OPENAI_LARGE_MODEL: `large of ${name}`,
      OPENAI_SMALL_MODEL: `small of ${name}`,
      POSTGRES_URL: postgres.url,
      TEMPORAL_ADDRESS: new URL(temporal.url).host,
      [SEAT_VARIABLE]: JSON.stringify(seat),
    },
    // Ctrl-C in a terminal is for the runner.
    detached: true,
    stdio: ['pipe', 'pipe', log],
  })
  closeSync(log)
  child.stdin?.on('error', () => undefined)
  return child
}

async function stop(child: ChildProcess, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
  const gone = once(child, 'exit')
  // A stopped process hears no other signal but the one that kills.
  if (signal !== 'SIGKILL') child.kill('SIGCONT')
  child.kill(signal)
  const timer = setTimeout(() => child.kill('SIGKILL'), END_MS)
  await gone
  clearTimeout(timer)
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess) =>
  exitCode !== null || signalCode !== null
