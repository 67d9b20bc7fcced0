import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { eventually } from './eventually.ts'

const PROGRAM = fileURLToPath(new URL('../../bin/turnkeeper.js', import.meta.url))
/** Starting a role takes two seconds; two test files at once on a slow machine take longer. */
const READY_MS = 45_000
/** Longer than the drain, which is 10 s. */
const END_MS = 30_000
/** Settings of the machine that would change what is tested, keys among them. */
const FOREIGN =
  /^(TURNKEEPER|TEMPORAL|OPENAI|ANTHROPIC|GOOGLE|GEMINI|XAI|GROK|GROQ|OPENROUTER|OLLAMA|MODEL|ELIZA|SERVER|POSTGRES|EXPRESS|LOG|CORS|SECRET)_/

export interface TurnkeeperOptions {
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Where `.env` and `characters/` would be looked for: an empty folder. */
  readonly cwd: string
  /** The launcher of another build. @default this one's */
  readonly program?: string
}

/** A running `turnkeeper`; `log` is its stderr so far. */
export interface TurnkeeperProcess {
  readonly pid: number
  log(): string
  /** Waits for the match, on stderr. @throws when the process ends before, with what it wrote. */
  logged(pattern: RegExp): Promise<RegExpExecArray>
  signal(name: NodeJS.Signals): void
  /** Sends the signal and waits for the end; without one, only waits. */
  end(name?: NodeJS.Signals): Promise<Ending>
}

/** The exit code, or the signal it died of. */
export type Ending = number | NodeJS.Signals

/** Every process of this test file, whatever became of it. */
const started: Started[] = []

interface Started {
  readonly name: string
  readonly child: ChildProcess
  stderr: string
}

export function startTurnkeeper(options: TurnkeeperOptions): TurnkeeperProcess {
  const { args, env = {}, cwd, program = PROGRAM } = options
  const child = spawn(process.execPath, [program, ...args], {
    cwd,
    env: { ...environment(), NO_COLOR: '1', ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const { pid } = child
  if (pid === undefined) throw new Error(`'turnkeeper ${args.join(' ')}' could not be started.`)
  const entry: Started = { name: args.join(' '), child, stderr: '' }
  started.push(entry)
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    entry.stderr += text
  })
  return {
    pid,
    log: () => entry.stderr,
    logged: (pattern) => logged(entry, pattern),
    signal: (name) => void child.kill(name),
    end: (name) => end(entry, name),
  }
}

export interface Run {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command to its end. */
export function runTurnkeeper({ args, env = {}, cwd }: TurnkeeperOptions): Promise<Run> {
  const settings = { cwd, env: { ...environment(), NO_COLOR: '1', ...env } }
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [PROGRAM, ...args], settings, (_, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    )
  })
}

/** Ends what still runs; for `afterAll`, also when a test failed in the middle. */
export async function endProcesses(): Promise<void> {
  await Promise.all(started.map((entry) => end(entry, 'SIGKILL')))
}

/** What every process wrote, for a failed test. */
export const allLogs = (): string =>
  started.map((entry) => `--- ${describe(entry)}\n${entry.stderr.slice(-4_000)}`).join('\n')

function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !FOREIGN.test(name))
  return Object.fromEntries(kept)
}

async function logged(entry: Started, pattern: RegExp): Promise<RegExpExecArray> {
  const found = () => pattern.exec(entry.stderr)
  const told = () => `${describe(entry)}: no ${pattern} in '${entry.stderr.slice(-4_000)}'`
  await eventually(() => found() !== null || endingOf(entry) !== undefined, told, READY_MS)
  const match = found()
  if (match === null) throw new Error(told())
  return match
}

async function end(entry: Started, name?: NodeJS.Signals): Promise<Ending> {
  if (name !== undefined) {
    // A stopped process hears no other signal but the one that kills.
    if (name !== 'SIGKILL') entry.child.kill('SIGCONT')
    entry.child.kill(name)
  }
  const told = () => `the end of ${describe(entry)}: '${entry.stderr.slice(-4_000)}'`
  await eventually(() => endingOf(entry) !== undefined, told, END_MS)
  return endingOf(entry) ?? 0
}

const endingOf = ({ child }: Started): Ending | undefined =>
  child.exitCode ?? child.signalCode ?? undefined

const describe = (entry: Started): string =>
  `'turnkeeper ${entry.name}' (pid ${entry.child.pid}, ${endingOf(entry) ?? 'running'})`
