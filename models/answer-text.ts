import { storableText } from '../schema/text.ts'

/** An answer as it arrives. `onText` hears exactly the pieces that `text` is made of, in order. */
export interface AnswerText {
  push(delta: string): void
  /** Lets out what was held back; nothing may be pushed after it. */
  end(): void
  text(): string
  /** The limit was reached: what came after it is dropped. */
  isCut(): boolean
}

const ends = /[\uD800-\uDBFF]$/

/** Collects up to `maxLength` UTF-16 units of text that Postgres can store. */
export function collectText(maxLength: number, onText: (delta: string) => void): AnswerText {
  let text = ''
  let isCut = false
  // Some vendors cut a chunk between the halves of an emoji: the first half waits for the second.
  let held = ''

  const emit = (delta: string) => {
    const piece = fitting(storableText(delta), maxLength - text.length)
    isCut ||= piece.length < delta.length
    if (piece === '') return
    text += piece
    onText(piece)
  }
  return {
    push(delta) {
      const whole = held + delta
      held = ends.exec(whole)?.[0] ?? ''
      emit(whole.slice(0, whole.length - held.length))
    },
    end() {
      emit(held)
      held = ''
    },
    text: () => text,
    isCut: () => isCut,
  }
}

/** The start of `text` in at most `length` units, without half of a pair at its end. */
function fitting(text: string, length: number): string {
  return text.length <= length ? text : text.slice(0, length).replace(ends, '')
}
