import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'

export interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Longer, and something keeps the program alive. */
const LIMIT_MS = 90_000

/**
 * Runs a program that embeds the system until it ends by itself. In a process of its own, as Jest has
 * no module hooks, and so that whatever is left open shows.
 */
export async function runProgram(
  file: string,
  options: {
    readonly cwd: string
    readonly env: Readonly<Record<string, string>>
    readonly input?: unknown
  },
): Promise<Ran> {
  const { PATH, HOME } = process.env
  const mark = Object.entries(process.env).filter(([name]) => name.startsWith('TEST_RUN_'))
  const env = { PATH, HOME, ...Object.fromEntries(mark), ...options.env }
  const child = spawn(process.execPath, [file], { cwd: options.cwd, env, stdio: 'pipe' })
  const late = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS)
  const exit = new Promise<number | null>((resolve) => child.once('exit', resolve))
  child.stdin.end(JSON.stringify(options.input ?? null))
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), exit])
  clearTimeout(late)
  return { code, stdout, stderr }
}
