import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

export type Step =
  | { readonly load: string }
  | { readonly invalidate: string }
  | { readonly write: string; readonly text: string }

export interface LoadingInput {
  readonly folder: string
  readonly steps: readonly Step[]
  readonly importLimitMs?: number
}

export interface Loaded {
  readonly name?: string
  readonly version?: string | null
  readonly folder?: string | null
  readonly description?: string
  /** What its actions returned. */
  readonly said?: readonly unknown[]
  readonly watched?: readonly string[]
  readonly error?: string
  readonly kind?: string
}

const PROCESS = fileURLToPath(new URL('loading-process.ts', import.meta.url))

/** A folder of a test with these files in it, without symbolic links in its path. */
export function projectOf(files: Readonly<Record<string, string>>) {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'turnkeeper-plugins-')))
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** What each `load` gave, in a process of its own. */
export async function loadInProcess(input: LoadingInput): Promise<readonly Loaded[]> {
  const child = spawn(process.execPath, [PROCESS], { stdio: ['pipe', 'pipe', 'pipe'] })
  child.stdin.end(JSON.stringify(input))
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
  try {
    return JSON.parse(out)
  } catch {
    throw new Error(`The loading process said: ${err || out}`)
  }
}
