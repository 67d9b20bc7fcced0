import { realpathSync } from 'node:fs'
import { basename, dirname, join, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { PluginGrant } from './permission-book.ts'

/** Unwrapped: it is asked about paths within the guard itself. */
const realpath = realpathSync.native

/** What a function of `node:fs` was given, as an absolute path. Undefined: a number, or nothing readable. */
export function pathIn(value: unknown): string | undefined {
  try {
    if (typeof value === 'string') return resolve(value)
    if (value instanceof Uint8Array) return resolve(Buffer.from(value).toString())
    return value instanceof URL ? fileURLToPath(value) : undefined
  } catch {
    return undefined // the function itself says what is wrong with it
  }
}

export interface FileRules {
  /** Folders of ours that every plugin may use, such as the data folder's part for plugins. */
  readonly open: readonly string[]
  /**
   * Where our own code works while a plugin waits for it: the embedded database's files. A plugin may not
   * read whole files there.
   */
  readonly internal: readonly string[]
}

/** `read`: a whole file; `look`: opening it for that, listing, asking; `write`: everything else. */
export type FileUse = 'read' | 'look' | 'write'

/** Symbolic links count as what they lead to. Of a file that is not there yet its folder counts. */
export function mayUse(
  path: string,
  use: FileUse,
  { permissions, folder }: PluginGrant,
  { open, internal }: FileRules,
): boolean {
  const real = realOf(path)
  const isIn = (folders: readonly string[]) => folders.some((each) => isWithin(real, realOf(each)))
  if (isIn([...(folder === null ? [] : [folder]), ...permissions.paths])) return true
  // Packages load parts of themselves, and each other, when they are first needed. Nobody rewrites them.
  if (real.includes(`${sep}node_modules${sep}`)) return use !== 'write'
  return isIn(use === 'read' ? open : [...open, ...internal])
}

function realOf(path: string): string {
  let rest = ''
  for (let known = resolve(path); ; known = dirname(known)) {
    try {
      return join(realpath(known), rest)
    } catch {
      if (known === dirname(known)) return join(known, rest)
      rest = join(basename(known), rest)
    }
  }
}

const isWithin = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep)
