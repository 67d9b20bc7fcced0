import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { readOrCreateSecret } from '../../bin/data-folder.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'turnkeeper-secret-'))
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('the secret key of a data folder', () => {
  it('is 32 bytes, the same ever after, readable by its owner only', async () => {
    const first = await readOrCreateSecret(folder)
    expect(first).toHaveLength(32)
    expect(await readOrCreateSecret(folder)).toEqual(first)
    expect(statSync(join(folder, 'secret.key')).mode & 0o777).toBe(0o600)
    expect(readdirSync(folder)).toEqual(['secret.key'])
  })

  it('is one key, however many ask for it at once', async () => {
    const keys = await Promise.all(Array.from({ length: 20 }, () => readOrCreateSecret(folder)))
    expect(new Set(keys.map((key) => key.toString('hex'))).size).toBe(1)
  })

  it('differs from folder to folder', async () => {
    const other = mkdtempSync(join(folder, 'other-'))
    expect(await readOrCreateSecret(other)).not.toEqual(await readOrCreateSecret(folder))
  })

  it('is closed to others again when a copy has opened it', async () => {
    await readOrCreateSecret(folder)
    chmodSync(join(folder, 'secret.key'), 0o644)
    await readOrCreateSecret(folder)
    expect(statSync(join(folder, 'secret.key')).mode & 0o777).toBe(0o600)
  })

  it('is not replaced when it is damaged: stored secrets would be lost for good', async () => {
    writeFileSync(join(folder, 'secret.key'), 'short')
    await expect(readOrCreateSecret(folder)).rejects.toThrow(/'secret.key' has 5 bytes instead of/)
  })
})
