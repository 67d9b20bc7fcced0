import type { TextListener } from '../../activities/call-model.ts'

export interface ReadAlong extends TextListener {
  /** Of the answer that is being written. */
  text(): string
  /** How often an answer was begun. */
  beginnings(): number
}

/** Keeps what a person would have read; every character is visible at once unless told otherwise. */
export function readAlong({ sees = true } = {}): ReadAlong {
  let text = ''
  let beginnings = 0
  return {
    begin() {
      text = ''
      beginnings += 1
    },
    push: (delta) => {
      text += delta
    },
    isVisible: () => sees && text !== '',
    text: () => text,
    beginnings: () => beginnings,
  }
}
