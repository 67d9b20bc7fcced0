import { storableText } from '../../schema/text.ts'
import { isSilence } from '../spoken-actions.ts'
import { parseAnswer } from './answer.ts'
import { type Piece, readPiece } from './stream-pieces.ts'
import { afterTag, type Place } from './stream-place.ts'
import { createTrimmer } from './trimmer.ts'
import { decodeEntities } from './xml-text.ts'

export interface TextStreamOptions {
  /**
   * Whether an answer that names these providers says nothing yet: the model wants to see them first.
   * @default it speaks
   */
  readonly holds?: (providers: readonly string[]) => boolean
}

/** Finds what is said in an answer while the model still writes it. */
export interface TextStream {
  /** Takes the next piece of the answer, returns the text that may be shown now, or ''. */
  push(delta: string): string
  /** Ends the answer, returns the rest of the text. */
  end(): string
}

/**
 * Shows the `<text>` of the first `<response>` as it comes: never a thought, a tag of ours or half an
 * entity, and nothing of an answer whose actions are IGNORE (if they come before the text, as the
 * template asks), or that `holds` because of its providers. What is shown is the beginning of what `parseAnswer` reads as text, and `end` gives
 * what is missing of it. Prose, JSON, CDATA and text with tags of ours in it come with `end`. If a
 * second `<response>` follows, the parser takes that one, and what was shown was a draft.
 */
export function createTextStream({ holds = () => false }: TextStreamOptions = {}): TextStream {
  const whole: string[] = []
  const shown = createTrimmer()
  let place: Place = { kind: 'before' }
  let rest = ''

  const read = (piece: Piece, source: string): string => {
    if (piece.kind === 'cdata') place = { kind: place.kind === 'before' ? 'before' : 'unsure' }
    if (piece.kind === 'tag') {
      const isOpening = place.kind !== 'text'
      place = afterTag(place, piece.tag, holds)
      if (isOpening) return ''
    }
    if (place.kind === 'field' && piece.kind === 'text') {
      place = { ...place, content: place.content + source }
    }
    return place.kind === 'text' ? shown.add(decodeEntities(source)) : ''
  }

  const push = (delta: string): string => {
    whole.push(delta)
    if (place.kind === 'unsure' || place.kind === 'after') return ''
    rest += delta
    const texts: string[] = []
    for (let piece = readPiece(rest); piece; piece = readPiece(rest)) {
      const source = storableText(rest.slice(0, piece.length))
      rest = rest.slice(piece.length)
      texts.push(read(piece, source))
    }
    return texts.join('')
  }

  const end = (): string => {
    const answer = parseAnswer(whole.join(''))
    if (!answer || isSilence(answer.actions) || holds(answer.providers)) return ''
    if (!answer.text.startsWith(shown.text())) return ''
    return answer.text.slice(shown.text().length)
  }

  return { push, end }
}
