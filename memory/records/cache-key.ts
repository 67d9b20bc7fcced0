import { createHash } from 'node:crypto'
import { storableText } from '../../schema/text.ts'

/** What an index takes is bounded; plugins make keys of whole addresses. */
const LONGEST = 500

export const cacheKey = (key: string): string =>
  key.length <= LONGEST
    ? storableText(key)
    : `sha256:${createHash('sha256').update(key).digest('hex')}`
