import { randomUUID } from 'node:crypto'
import {
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import { isNativeError } from 'node:util/types'
import { z } from 'zod'
import { DataFolderInUseError, DataFolderUnusableError } from './data-folder-error.ts'
import { tryLock } from './folder-lock.ts'

export { readOrCreateSecret } from './secret-key.ts'

/** A fresh PGlite takes 40 MB, a fresh Temporal database 3 MB; below this a start fails half-way. */
const LEAST_FREE_MB = 64

const Holder = z.object({ pid: z.int(), since: z.string() })

export interface DataFolder {
  /** Absolute, without symbolic links: one folder has one path. */
  readonly path: string
  /** The end of the process releases it too, however it ends. */
  release(): void
}

/**
 * Makes the folder if need be (readable by its owner only), proves that it can be written and takes
 * its lock. Call it before anything else opens a file in it: PGlite and Temporal both open their
 * files a second time without complaint, and ruin them.
 * @throws {DataFolderInUseError} @throws {DataFolderUnusableError}
 */
export async function openDataFolder(directory: string): Promise<DataFolder> {
  const wanted = resolve(directory)
  const path = translated(wanted, () => makeFolder(wanted))
  const lock = translated(path, () => tryLock(join(path, 'turnkeeper.lock')))
  if (!lock) throw new DataFolderInUseError(path, readHolder(path))
  try {
    translated(path, () => writeHolder(path))
  } catch (error) {
    lock.release()
    throw error
  }
  return { path, release: lock.release }
}

function makeFolder(path: string): string {
  mkdirSync(path, { recursive: true, mode: 0o700 })
  proveWritable(path)
  requireSpace(path)
  return realpathSync(path)
}

/** Tried, not asked: permissions do not tell of a read-only mount or a quota. */
function proveWritable(path: string): void {
  const probe = join(path, `.probe-${randomUUID()}`)
  try {
    writeFileSync(probe, randomUUID(), { flush: true })
  } finally {
    rmSync(probe, { force: true })
  }
}

function requireSpace(path: string): void {
  const { bavail, bsize } = statfsSync(path)
  const freeMb = Math.floor((bavail * bsize) / 1024 / 1024)
  if (freeMb >= LEAST_FREE_MB) return
  throw new Error(`its disk has ${freeMb} MB free, and at least ${LEAST_FREE_MB} are needed`)
}

function writeHolder(path: string): void {
  const holder = { pid: process.pid, since: new Date().toISOString() }
  const temporary = join(path, 'holder.json.tmp')
  writeFileSync(temporary, `${JSON.stringify(holder)}\n`, { mode: 0o600 })
  renameSync(temporary, join(path, 'holder.json'))
}

/** Undefined when the holder has not written itself down yet; what is there is of the last one. */
function readHolder(path: string): z.infer<typeof Holder> | undefined {
  try {
    const holder = Holder.parse(JSON.parse(readFileSync(join(path, 'holder.json'), 'utf8')))
    process.kill(holder.pid, 0)
    return holder
  } catch {
    return undefined
  }
}

function translated<T>(path: string, act: () => T): T {
  try {
    return act()
  } catch (cause) {
    throw new DataFolderUnusableError(path, reasonOf(cause), cause)
  }
}

function reasonOf(cause: unknown): string {
  if (!isNativeError(cause)) return String(cause)
  const code = 'code' in cause ? cause.code : undefined
  if (code === 'ENOSPC') return 'its disk is full'
  if (code === 'EROFS') return 'its file system is read-only'
  if (code === 'EACCES' || code === 'EPERM') return 'you may not write there'
  if (code === 'EEXIST' || code === 'ENOTDIR') return 'a file is in the way'
  return cause.message
}
