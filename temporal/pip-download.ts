import { execFile } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { isNativeError } from 'node:util/types'

const run = promisify(execFile)

/** The ways a machine may have pip, in the order tried. */
const PIPS = [['python3', '-m', 'pip'], ['pip3'], ['pip'], ['python', '-m', 'pip']] as const

export interface PipDownload {
  readonly requirement: string
  /** pip's platform tag. Forced, so that the file, and with it the hash, is the same everywhere. */
  readonly platform: string
  readonly directory: string
  readonly env: NodeJS.ProcessEnv
  /** Of one attempt with one pip. */
  readonly timeoutMs: number
}

/**
 * Downloads one wheel with the first pip that manages it, and returns its path.
 * @throws with the last line each pip printed.
 */
export async function pipDownload(download: PipDownload): Promise<string> {
  const failures: string[] = []
  for (const pip of PIPS) {
    const failure = await tryPip(pip, download)
    if (failure === undefined) return onlyWheelIn(download.directory)
    failures.push(`${pip.join(' ')}: ${failure}`)
  }
  throw new Error(failures.join('; '))
}

async function tryPip(
  [program, ...options]: readonly [string, ...string[]],
  { requirement, platform, directory, env, timeoutMs }: PipDownload,
): Promise<string | undefined> {
  const target = ['--only-binary=:all:', '--platform', platform, '--python-version', '3.12']
  const manners = ['--no-deps', '--disable-pip-version-check', '--no-input', '--quiet']
  const patience = ['--timeout', '15', '--retries', '1']
  const args = [...options, 'download', ...manners, ...patience, ...target]
  try {
    await run(program, [...args, '--dest', directory, requirement], { env, timeout: timeoutMs })
    return undefined
  } catch (error) {
    return reasonOf(error, timeoutMs)
  }
}

function reasonOf(error: unknown, timeoutMs: number): string {
  if (!isNativeError(error)) return String(error)
  if ('code' in error && error.code === 'ENOENT') return 'not installed'
  if ('killed' in error && error.killed) return `gave up after ${timeoutMs / 1000} s`
  const output = 'stderr' in error ? String(error.stderr).trim() : ''
  return output.split('\n').at(-1) || error.message
}

async function onlyWheelIn(directory: string): Promise<string> {
  const wheels = (await readdir(directory)).filter((file) => file.endsWith('.whl'))
  if (!wheels[0]) throw new Error(`pip reported success, but left no wheel in '${directory}'.`)
  return join(directory, wheels[0])
}
