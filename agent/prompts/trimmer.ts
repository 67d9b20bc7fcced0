/** Trims a text that comes in pieces. */
export interface Trimmer {
  /** Takes the next piece, returns what is certainly not whitespace at one of the ends. */
  add(piece: string): string
  /** All that was returned so far. */
  text(): string
}

export function createTrimmer(): Trimmer {
  const returned: string[] = []
  const blanks: string[] = []
  return {
    add(piece) {
      if (piece.trim() === '') {
        if (returned.length > 0) blanks.push(piece)
        return ''
      }
      const started = returned.length > 0 ? piece : piece.trimStart()
      const text = blanks.splice(0).join('') + started.trimEnd()
      blanks.push(started.slice(started.trimEnd().length))
      returned.push(text)
      return text
    },
    text: () => returned.join(''),
  }
}
