/**
 * Splits a message into parts of at most `maxLength` UTF-16 code units (at least 16), at the end of a
 * paragraph, else of a line, else of a word. Never inside a surrogate pair; a code fence that is cut is
 * closed and opened again. The same text and length make the same parts, whenever and wherever. Empty
 * for a text without a visible character.
 */
export function splitText(text: string, maxLength: number): readonly string[] {
  const parts: string[] = []
  let rest = text
  let fence: string | undefined
  while (rest.trim() !== '') {
    const opening = fence === undefined ? '' : `${fence}\n`
    if (opening.length + rest.length <= maxLength) {
      parts.push(opening + rest)
      break
    }
    const end = cutAt(rest, maxLength - opening.length - closed('').length)
    const piece = rest.slice(0, end)
    const open = openFence(piece, fence, maxLength)
    const bare = open === undefined ? piece : piece.replace(OPENER_AT_END, '')
    const shown = (opening + bare).trimEnd()
    const isOpen = open !== undefined && bare === piece
    if (shown.trim() !== '' && shown !== opening.trimEnd())
      parts.push(isOpen ? closed(shown) : shown)
    rest = withoutBreak(rest.slice(end), open !== undefined)
    fence = open
    if (fence === undefined || !CLOSER.test(rest)) continue
    rest = rest.replace(CLOSER, '') // this part is closed already
    fence = undefined
  }
  return parts
}

const FENCE = '```'
const CLOSER = /^```[^\S\n]*(\n+|$)/

/** A fence that would open in the last line opens in the next part. */
const OPENER_AT_END = /(^|\n)```[^\n]*$/

const closed = (shown: string) => `${shown}\n${FENCE}`

/** Where the text is cut so that not more than `room` code units remain before. At least 1. */
function cutAt(text: string, room: number): number {
  const window = text.slice(0, room)
  const least = Math.floor(room / 3) // an earlier end would leave a stub
  for (const boundary of ['\n\n', '\n', ' ']) {
    const at = window.lastIndexOf(boundary)
    if (at >= least && at > 0) return at
  }
  return isHighSurrogate(text, room - 1) ? room - 1 : room
}

const isHighSurrogate = (text: string, at: number) => /[\ud800-\udbff]/.test(text.charAt(at))

/** The line that opened the fence in which the piece ends, if it ends in one. */
function openFence(
  piece: string,
  before: string | undefined,
  maxLength: number,
): string | undefined {
  let open = before
  for (const line of piece.split('\n')) {
    if (!line.startsWith(FENCE)) continue
    // A long first line must not eat up the room of every part.
    open = open === undefined ? (line.length <= maxLength / 4 ? line.trimEnd() : FENCE) : undefined
  }
  return open
}

/** A cut swallows the break it was made at; inside a fence, indentation stays. */
const withoutBreak = (rest: string, isCode: boolean) =>
  isCode ? rest.replace(/^\n/, '') : rest.replace(/^\s+/, '')
