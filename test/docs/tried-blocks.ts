import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { isShown } from './markdown.ts'

const run = promisify(execFile)
const LIMIT_MS = 60_000

/** A command or a statement of a page, behind `<!-- try: name -->`. */
export interface TriedBlock {
  readonly name: string
  readonly language: 'sh' | 'sql'
  readonly script: string
  /** What the page says it prints, as in `isShown`; absent when it shows nothing. */
  readonly shows: string | undefined
}

const BLOCK = /<!-- try: (.+) -->\n```(sh|sql)\n([\s\S]*?)```\n(?:```text\n([\s\S]*?)```)?/g

export function triedBlocks(page: string): readonly TriedBlock[] {
  return [...page.matchAll(BLOCK)].map(([, name = '', language, script = '', shows]) => ({
    ...{ name, script, shows },
    language: language === 'sql' ? 'sql' : 'sh',
  }))
}

/** Lines that a page quotes from a log, without what differs each time. */
export const loggedLines = (page: string): readonly string[] =>
  [...page.matchAll(/<!-- log -->\n```text\n([\s\S]*?)```/g)].flatMap(([, lines = '']) =>
    lines.split('\n').filter((line) => line !== ''),
  )

/** Runs a shell block. @throws when it fails and shows nothing, or prints something else than the page. */
export async function runShell(
  { name, script, shows }: TriedBlock,
  env: NodeJS.ProcessEnv,
): Promise<string> {
  const command = `exec 2>&1\n${script}`
  const printed = await run('sh', ['-c', command], { env, timeout: LIMIT_MS }).then(
    ({ stdout }) => stdout,
    (error: { stdout?: string; killed?: boolean }) => {
      if (shows === undefined || error.killed) throw error
      return error.stdout ?? ''
    },
  )
  if (shows !== undefined && !isShown(printed, shows)) {
    throw new Error(`'${name}' shows\n${shows}\nand printed\n${printed}`)
  }
  return printed
}
