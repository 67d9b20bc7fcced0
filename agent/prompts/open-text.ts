import { storableText } from '../../schema/text.ts'
import { readPiece } from './stream-pieces.ts'
import { afterTag, type Place } from './stream-place.ts'
import { decodeEntities } from './xml-text.ts'

/** How far an answer that broke off has come with what it says. */
export interface OpenText {
  readonly place: Place['kind']
  /** What it says so far, not trimmed at its end. */
  readonly text: string
  /** Where in the answer the text begins. */
  readonly start: number
  /** A beginning of a tag or an entity at the very end, which is not in `text`. */
  readonly pending: string
}

/** Reads an answer as the text stream does. `before`: there is no `<response>` in it. */
export function openText(answer: string): OpenText {
  let place: Place = { kind: 'before' }
  let [position, start, text] = [0, 0, '']
  for (;;) {
    const rest = answer.slice(position)
    const piece = readPiece(rest)
    if (!piece) return { place: place.kind, text: text.trimStart(), start, pending: rest }
    position += piece.length
    const source = storableText(rest.slice(0, piece.length))
    if (piece.kind === 'cdata') place = { kind: place.kind === 'before' ? 'before' : 'unsure' }
    const before: Place['kind'] = place.kind
    if (piece.kind === 'tag') place = afterTag(place, piece.tag)
    if (place.kind === 'field' && piece.kind === 'text') {
      place = { ...place, content: place.content + source }
    }
    if (place.kind === 'text' && before === 'text') text += decodeEntities(source)
    else if (place.kind === 'text') start = position
  }
}

/** Whether there is anything left to say: the answer broke off within its text. */
export function leavesTextOpen(answer: string): boolean {
  const { place } = openText(answer)
  return place === 'text' || place === 'before'
}
