import { randomUUID } from 'node:crypto'
import { chmod, mkdir, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { sha256OfFile } from './sha256.ts'

/**
 * A cached binary carries its SHA-256 in its name: one rename stores file and record together, so
 * a process that dies in between leaves nothing that looks complete.
 */
export interface CachedBinary {
  readonly cacheDir: string
  /** What is before the hash, such as `temporal-1.9.1-linux-x64`. */
  readonly name: string
}

/** What was found under a name: an intact file, nothing, or one whose bytes are not its own. */
export type CacheLookup =
  | { readonly kind: 'intact'; readonly path: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'altered'; readonly path: string }

/** Removes a file whose hash differs, so that it is fetched anew. `sha256` narrows to one file. */
export async function lookUp(
  { cacheDir, name }: CachedBinary,
  sha256?: string,
): Promise<CacheLookup> {
  const files = await readdir(cacheDir).catch(() => [])
  let altered: string | undefined
  for (const file of files.filter((file) => file.startsWith(`${name}-${sha256 ?? ''}`))) {
    const path = join(cacheDir, file)
    if (file === fileName(name, await sha256OfFile(path))) return { kind: 'intact', path }
    altered = path
    await rm(path, { force: true })
  }
  return altered ? { kind: 'altered', path: altered } : { kind: 'missing' }
}

/**
 * Lets `write` make the file at a temporary path, checks it and moves it into the cache.
 * @throws when `sha256` is given and the file's differs; nothing is kept then.
 */
export async function store(
  { cacheDir, name }: CachedBinary,
  write: (path: string) => Promise<void>,
  sha256?: string,
): Promise<string> {
  const temporary = join(cacheDir, 'incoming', randomUUID())
  await mkdir(dirname(temporary), { recursive: true })
  try {
    await write(temporary)
    const actual = await sha256OfFile(temporary)
    if (sha256) requireHash(name, actual, sha256)
    await chmod(temporary, 0o755)
    const path = join(cacheDir, fileName(name, actual))
    await rename(temporary, path)
    return path
  } finally {
    await rm(temporary, { force: true })
  }
}

/** @throws naming both hashes. */
export function requireHash(what: string, actual: string, expected: string): void {
  if (actual === expected) return
  throw new Error(`'${what}' has the SHA-256 ${actual}, but ${expected} is pinned. It is refused.`)
}

/** Windows starts a program only by its extension. */
function fileName(name: string, sha256: string): string {
  return `${name}-${sha256}${process.platform === 'win32' ? '.exe' : ''}`
}
