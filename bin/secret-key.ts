import { randomBytes } from 'node:crypto'
import { chmod, link, open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isNativeError } from 'node:util/types'
import { DataFolderUnusableError } from './data-folder-error.ts'

const KEY_BYTES = 32

/**
 * The key that encrypts the characters' secrets, made once per data folder. Of two processes that
 * make one at the same time, both get the first.
 * @throws {DataFolderUnusableError} the file is there, but is no key.
 */
export async function readOrCreateSecret(directory: string): Promise<Buffer> {
  const path = join(directory, 'secret.key')
  const existing = await readKey(path)
  if (existing) return checked(existing, directory)
  await createKey(path)
  return checked((await readKey(path)) ?? Buffer.alloc(0), directory)
}

async function readKey(path: string): Promise<Buffer | undefined> {
  try {
    const key = await readFile(path)
    await chmod(path, 0o600) // a copy or a backup may have widened it
    return key
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}

/** A link, not a rename: it fails when the key exists, and never shows half a key. */
async function createKey(path: string): Promise<void> {
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`
  try {
    const file = await open(temporary, 'wx', 0o600)
    await file.writeFile(randomBytes(KEY_BYTES))
    await file.sync()
    await file.close()
    await link(temporary, path)
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error
  } finally {
    await rm(temporary, { force: true })
  }
}

function checked(key: Buffer, directory: string): Buffer {
  if (key.length === KEY_BYTES) return key
  throw new DataFolderUnusableError(
    directory,
    `its 'secret.key' has ${key.length} bytes instead of ${KEY_BYTES}, so that no stored secret ` +
      'can be read; put it back from a backup, or delete it and enter the secrets anew',
  )
}

function hasCode(error: unknown, code: string): boolean {
  return isNativeError(error) && 'code' in error && error.code === code
}
