import { PARTIAL_TAG, type Tag, tagAt } from './xml-tags.ts'
import { CDATA_OPEN, PARTIAL_ENTITY } from './xml-text.ts'

/** The next thing in a stream of XML that cannot change any more by what comes after it. */
export type Piece =
  | { readonly kind: 'text'; readonly length: number }
  | { readonly kind: 'cdata'; readonly length: number }
  | { readonly kind: 'tag'; readonly length: number; readonly tag: Tag }

/**
 * Reads the first piece of `rest`; undefined when more must come first: a tag, an entity or a
 * surrogate pair is not complete.
 */
export function readPiece(rest: string): Piece | undefined {
  if (!rest.startsWith('<')) return readText(rest)
  const tag = tagAt(rest, 0)
  if (tag) return { kind: 'tag', length: tag.end, tag }
  if (rest.startsWith(CDATA_OPEN)) return { kind: 'cdata', length: CDATA_OPEN.length }
  if (CDATA_OPEN.startsWith(rest) || PARTIAL_TAG.test(rest)) return undefined
  return { kind: 'text', length: 1 }
}

function readText(rest: string): Piece | undefined {
  const next = rest.indexOf('<')
  const length = next < 0 ? rest.length - heldBack(rest) : next
  return length > 0 ? { kind: 'text', length } : undefined
}

function heldBack(text: string): number {
  const last = text.charCodeAt(text.length - 1)
  if (last >= 0xd800 && last <= 0xdbff) return 1
  // Only the end is searched: the pattern would be tried at every `&` of a long text.
  return PARTIAL_ENTITY.exec(text.slice(-10))?.[0].length ?? 0
}
