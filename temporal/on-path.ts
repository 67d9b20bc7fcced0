import { execFile } from 'node:child_process'
import { access, constants } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** The first CLI whose server (1.29) has Worker Deployments in the form that SDK 1.24 uses. */
const OLDEST_VERSION = [1, 5] as const

/**
 * The `temporal` on the PATH.
 * @throws when there is none, it does not run, or it is older than the SDK needs.
 */
export async function findOnPath(env: NodeJS.ProcessEnv): Promise<string> {
  const path = await firstExecutable(env)
  if (!path) throw new Error('there is none')
  const { stdout } = await run(path, ['--version'], { env, timeout: 10_000 })
  const [, major, minor] = /version (\d+)\.(\d+)/.exec(stdout) ?? []
  const [needsMajor, needsMinor] = OLDEST_VERSION
  const isRecent = Number(major) > needsMajor || Number(minor) >= needsMinor
  if (!major || Number(major) < needsMajor || !isRecent) {
    const said = stdout.trim().split('\n')[0] ?? ''
    throw new Error(`'${path}' says '${said}'; at least ${OLDEST_VERSION.join('.')} is needed`)
  }
  return path
}

async function firstExecutable(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const file = process.platform === 'win32' ? 'temporal.exe' : 'temporal'
  const folders = (env.PATH ?? env.Path ?? '').split(delimiter).filter((folder) => folder !== '')
  for (const folder of folders) {
    const path = join(folder, file)
    const isExecutable = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (isExecutable) return path
  }
  return undefined
}
