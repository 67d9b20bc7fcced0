import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Example } from './markdown.ts'

const run = promisify(execFile)

/** One shell runs a whole page: longer than any page takes on a busy machine. */
const LIMIT_MS = 60_000

/** What every page writes for the API; a test's own listens elsewhere. */
const WRITTEN_URL = 'http://127.0.0.1:3000'

const MARK = '-- the next example --'

export interface ExampleHost {
  readonly cwd: string
  readonly url: string
  readonly env: NodeJS.ProcessEnv
}

/** Runs the examples of a page in one shell, and returns what each one printed. */
export async function runExamples(
  examples: readonly Example[],
  { cwd, url, env }: ExampleHost,
): Promise<readonly string[]> {
  const scripts = examples.map(({ script }) => script.replaceAll(WRITTEN_URL, url))
  const whole = ['exec 2>&1', ...scripts].join(`\nprintf '%s\\n' '${MARK}'\n`)
  const { stdout } = await run('sh', ['-c', whole], { cwd, env, timeout: LIMIT_MS })
  return stdout.split(`${MARK}\n`).slice(1)
}

/** Whether this machine has the tools that the examples use. */
export const hasTools = (): Promise<boolean> =>
  run('sh', ['-c', 'command -v curl grep cut']).then(
    () => true,
    () => false,
  )
