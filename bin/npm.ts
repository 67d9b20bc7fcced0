import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'

/** npm could not be started, or said no. */
export class NpmError extends Error {
  override readonly name = 'NpmError'
  /** npm's own, such as `E404`; absent when it gave none. */
  readonly code: string | undefined

  constructor(message: string, code?: string) {
    super(message)
    this.code = code
  }
}

export interface NpmOptions {
  readonly cwd: string
  /** npm gets it without what looks like a secret. @default the process's */
  readonly env?: NodeJS.ProcessEnv
}

/**
 * Runs the user's own npm, without a shell, and returns what it printed.
 * @throws {NpmError} with the end of what it said
 */
export async function runNpm(
  args: readonly string[],
  { cwd, env = process.env }: NpmOptions,
): Promise<string> {
  const [program, ...first] = npmProgram(env)
  const child = spawn(program, [...first, ...args], {
    ...{ cwd, env: withoutSecrets(env), windowsHide: true },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  const [out, err, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    ended.catch((cause: NodeJS.ErrnoException) => {
      throw new NpmError(
        `npm could not be started (${cause.code ?? cause.message}). It comes with Node: put it on the PATH.`,
      )
    }),
  ])
  if (code === 0) return out
  throw failure(args[0] ?? '', err || out)
}

/** As npm tells its scripts; on Windows `npm` is a script that only a shell can start. */
function npmProgram(env: NodeJS.ProcessEnv): readonly [string, ...string[]] {
  const told = env.npm_execpath
  if (told?.endsWith('npm-cli.js') && existsSync(told)) return [process.execPath, told]
  const beside = join(dirname(process.execPath), 'node_modules', 'npm', 'bin', 'npm-cli.js')
  if (process.platform === 'win32' && existsSync(beside)) return [process.execPath, beside]
  return ['npm']
}

/** Install scripts are code of strangers. npm's own settings and tokens stay: registries need them. */
function withoutSecrets(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const isSecret = (name: string) =>
    /(?:KEY|TOKEN|SECRET|SALT|PASSWORD|POSTGRES_URL|DATABASE_URL)/i.test(name) &&
    !/^(?:npm|node)_/i.test(name)
  return Object.fromEntries(Object.entries(env).filter(([name]) => !isSecret(name)))
}

const MAX_QUOTED = 2_000

function failure(command: string, said: string): NpmError {
  const code = /\b(?:code|error code) (E[A-Z0-9_]+)/.exec(said)?.[1]
  const quoted = said.trim().slice(-MAX_QUOTED)
  return new NpmError(`'npm ${command}' failed:\n${quoted}`, code)
}
