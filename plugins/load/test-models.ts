import { createHash } from 'node:crypto'
import type { ElizaPlugin } from '../contract.ts'

/** The smallest size that ElizaOS's tables take. */
const DIMENSIONS = 384

/**
 * Models for tests that answer without a network, and the same each time: what the built-in ELIZA does not
 * offer. It answers text itself.
 */
export const TEST_MODELS: ElizaPlugin = {
  name: 'turnkeeper-test-models',
  description: 'Embeddings that depend on nothing but the text.',
  // Behind any model that the tested plugin registers.
  priority: -1000,
  models: {
    TEXT_EMBEDDING: (_runtime, params) => {
      const texts = textsIn(params)
      return texts ? texts.map(hashVector) : hashVector(textIn(params))
    },
  },
}

/**
 * A direction for a text, of length 1; texts with words in common point nearly the same way. Its first
 * component is never 0: plugin-knowledge takes that for a failed embedding.
 */
export function hashVector(text: string): number[] {
  const vector = new Array<number>(DIMENSIONS).fill(0)
  vector[0] = 0.1
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []) {
    const digest = createHash('sha256').update(word).digest()
    const at = 1 + (digest.readUInt32BE(0) % (DIMENSIONS - 1))
    vector[at] = (vector[at] ?? 0) + 1
  }
  const length = Math.hypot(...vector)
  return vector.map((component) => component / length)
}

/** ElizaOS asks with an object, a text, or null for the size; plugin-knowledge with several texts. */
function textIn(params: unknown): string {
  if (typeof params === 'string') return params
  if (typeof params !== 'object' || params === null) return ''
  return 'text' in params && typeof params.text === 'string' ? params.text : ''
}

function textsIn(params: unknown): readonly string[] | undefined {
  if (typeof params !== 'object' || params === null || !('texts' in params)) return undefined
  return Array.isArray(params.texts) ? params.texts.map(String) : undefined
}
