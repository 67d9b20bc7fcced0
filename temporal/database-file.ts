import { existsSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { isNativeError } from 'node:util/types'

/** SQLite keeps a database in up to three files. */
const SUFFIXES = ['', '-wal', '-shm'] as const

/** SQLite's codes for: a table is missing, the image is malformed, not a database. */
const DAMAGE_CODES: readonly unknown[] = [1, 11, 26]

/**
 * Whether Temporal can open the file: SQLite finds no damage in it (about 0.3 s per 100 MB) and it
 * holds Temporal's tables. A missing file is fine, the server makes one. Never call this while a
 * server has the file open.
 * @throws on anything that does not speak of the file's content, such as a full disk.
 */
export function isDatabaseSound(path: string): boolean {
  if (!existsSync(path)) return true
  try {
    // Closing a writable one would fold the log into the file, or delete a log that does not fit.
    const database = new DatabaseSync(path, { readOnly: true })
    try {
      database.prepare('select 1 from namespaces limit 1').get()
      return database.prepare('pragma quick_check(1)').get()?.quick_check === 'ok'
    } finally {
      database.close()
    }
  } catch (error) {
    const isDamage = isNativeError(error) && 'errcode' in error
    if (isDamage && DAMAGE_CODES.includes(error.errcode)) return false
    throw error
  }
}

/** Renames the database so that the server makes a new one, and returns where the old one is. */
export async function setAsideDatabase(path: string): Promise<string> {
  const aside = `${path}.set-aside-${new Date().toISOString().replaceAll(':', '')}`
  for (const suffix of SUFFIXES) {
    if (existsSync(path + suffix)) await rename(path + suffix, aside + suffix)
  }
  return aside
}
