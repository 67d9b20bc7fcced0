import { DatabaseSync } from 'node:sqlite'
import { isNativeError } from 'node:util/types'

/** SQLite's code for: another connection holds the lock. */
const BUSY = 5

/** An open lock; the garbage collector would release one that nobody holds on to. */
const held = new Set<DatabaseSync>()

export interface FolderLock {
  release(): void
}

/**
 * Takes the lock file exclusively, or returns undefined when another process, or this one, has it.
 *
 * The lock is the operating system's own, which SQLite takes portably. So it ends with its process,
 * `kill -9` included: a stale one cannot exist, two starters have no race over who clears it away,
 * and neither a recycled pid nor another container's pid is mistaken for the holder.
 *
 * Nothing else in this process may open the file: on Linux and macOS, closing it would release the
 * lock. What is to be said about the holder is therefore in a file beside it.
 * @throws when the file cannot be opened, or its file system has no locks.
 */
export function tryLock(file: string): FolderLock | undefined {
  const database = new DatabaseSync(file)
  try {
    // Nothing is ever written; without this a journal file appears beside the lock.
    database.exec('pragma journal_mode = memory')
    database.exec('begin exclusive')
  } catch (error) {
    database.close()
    if (isNativeError(error) && 'errcode' in error && error.errcode === BUSY) return undefined
    throw error
  }
  held.add(database)
  const release = () => {
    if (held.delete(database)) database.close()
  }
  return { release }
}
