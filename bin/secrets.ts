import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import type { JsonObject } from '../schema/json.ts'

/** Seals the secrets of characters for the database. */
export interface SecretBox {
  seal(secrets: JsonObject): string
  /** @throws when the text was sealed with another key. */
  open(sealed: string): JsonObject
}

const VERSION = 'v1'
const NONCE_BYTES = 12
const TAG_BYTES = 16

/** AES-256-GCM under a key derived from the salt of the installation. */
export function createSecretBox(salt: string | Buffer): SecretBox {
  const key = Buffer.from(hkdfSync('sha256', salt, '', 'turnkeeper character secrets', 32))
  return {
    seal(secrets) {
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', key, nonce)
      const body = Buffer.concat([cipher.update(JSON.stringify(secrets), 'utf8'), cipher.final()])
      return `${VERSION}:${Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64')}`
    },
    open(sealed) {
      const bytes = Buffer.from(sealed.slice(VERSION.length + 1), 'base64')
      const nonce = bytes.subarray(0, NONCE_BYTES)
      const decipher = createDecipheriv('aes-256-gcm', key, nonce)
      decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES))
      const body = bytes.subarray(NONCE_BYTES + TAG_BYTES)
      try {
        const text = Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8')
        return JSON.parse(text) as JsonObject // written by `seal`
      } catch (cause) {
        throw new Error(
          'The stored secrets of a character cannot be read: they were sealed with another key. ' +
            'Use the SECRET_SALT (or the data folder) they were written with, or store them anew.',
          { cause },
        )
      }
    },
  }
}
