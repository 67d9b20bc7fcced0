import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { type CuttableProxy, startProxy } from '../streams/cuttable-proxy.ts'
import { SEAT_VARIABLE, type Seat } from './seat.ts'

export type Role = 'api' | 'worker'

/** A process of a house, with wires of its own that can be cut. */
export interface Seated {
  readonly name: string
  readonly role: Role
  readonly postgres: CuttableProxy
  readonly temporal: CuttableProxy
  /** Resolves with its URL (an api) once it works. @throws when it ends before. */
  readonly ready: Promise<string>
  noteReady(url: string): void
  /** Whether it died of something else than us. */
  diedByItself(): boolean
  log(): string
  signal(name: NodeJS.Signals): void
  /** Sends the signal and waits for the end; after `END_MS` it is killed. */
  end(name: 'SIGKILL' | 'SIGTERM'): Promise<void>
}

export interface SeatOptions {
  readonly seat: Seat
  readonly role: Role
  readonly postgresUrl: string
  readonly temporalAddress: string
  readonly env: Readonly<Record<string, string>>
}

/** Longer than the drain. */
const END_MS = 15_000

/** Settings of the machine that would change what is tested. */
const FOREIGN =
  /^(TURNKEEPER|TEMPORAL|OPENAI|ANTHROPIC|GOOGLE|GEMINI|XAI|GROK|GROQ|OPENROUTER|OLLAMA|MODEL|ELIZA|SERVER|POSTGRES|EXPRESS|LOG|CORS|SECRET)_/

/** A process that sleeps would not notice that the runner is gone. */
const living = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of living) child.kill('SIGKILL')
})

export async function takeSeat(options: SeatOptions): Promise<Seated> {
  const { seat, role } = options
  const [postgres, temporal] = await Promise.all([
    startProxy(options.postgresUrl),
    startProxy(`tcp://${options.temporalAddress}`),
  ])
  const kept = Object.entries(process.env).filter(([name]) => !FOREIGN.test(name))
  const child = spawn(process.execPath, [PROGRAMS[role]], {
    env: {
      ...Object.fromEntries(kept),
      ...options.env,
      POSTGRES_URL: postgres.url,
      TEMPORAL_ADDRESS: new URL(temporal.url).host,
      [SEAT_VARIABLE]: JSON.stringify(seat),
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  living.add(child)
  const ready = Promise.withResolvers<string>()
  ready.promise.catch(() => undefined) // whoever waits for it hears it
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text
  })
  let isEnding = false
  child.once('exit', (code, signal) => {
    living.delete(child)
    ready.reject(new Error(`'${seat.name}' ended (${code ?? signal}): ${log.slice(-2_000)}`))
    void Promise.all([postgres.close(), temporal.close()])
  })
  return {
    ...{ name: seat.name, role, postgres, temporal, ready: ready.promise },
    noteReady: ready.resolve,
    diedByItself: () => !isEnding && hasEnded(child),
    log: () => log,
    signal: (name) => void child.kill(name),
    async end(name) {
      isEnding = true
      if (hasEnded(child)) return
      const ended = once(child, 'exit')
      // A stopped process hears no other signal but the one that kills.
      if (name !== 'SIGKILL') child.kill('SIGCONT')
      child.kill(name)
      const timer = setTimeout(() => child.kill('SIGKILL'), END_MS)
      await ended
      clearTimeout(timer)
    },
  }
}

const PROGRAMS: Readonly<Record<Role, string>> = {
  api: fileURLToPath(new URL('./api-process.ts', import.meta.url)),
  worker: fileURLToPath(new URL('./worker-process.ts', import.meta.url)),
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess) =>
  exitCode !== null || signalCode !== null
