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
  /** npm gets what programs need, and its own settings. @default the process's */
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
    ...{ cwd, env: forNpm(env), windowsHide: true },
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

/** What a program needs to run, here and on Windows. */
const NEEDED: ReadonlySet<string> = new Set([
  ...['PATH', 'HOME', 'USER', 'SHELL', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'TEMP', 'TMP', 'PATHEXT'],
  ...['SYSTEMROOT', 'COMSPEC', 'APPDATA', 'LOCALAPPDATA', 'USERPROFILE', 'PROGRAMFILES'],
  ...['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'ALL_PROXY', 'SSL_CERT_FILE', 'SSL_CERT_DIR'],
])

/**
 * Install scripts are code of strangers: they see nothing of the environment but this. npm's own settings
 * and tokens stay: registries need them.
 */
const forNpm = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(env).filter(
      ([name]) => NEEDED.has(name.toUpperCase()) || /^(?:npm|node)_/i.test(name),
    ),
  )

const MAX_QUOTED = 2_000

function failure(command: string, said: string): NpmError {
  const code = /\b(?:code|error code) (E[A-Z0-9_]+)/.exec(said)?.[1]
  const quoted = said.trim().slice(-MAX_QUOTED)
  return new NpmError(`'npm ${command}' failed:\n${quoted}`, code)
}
