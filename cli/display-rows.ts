const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

const INVISIBLE = /^[\p{Mark}\p{Format}\u200b]+$/u
const EMOJI = /\p{Emoji_Presentation}|\ufe0f/u
/** East Asian scripts that terminals draw two cells wide. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f200}-\u{1f2ff}\u{20000}-\u{3fffd}]/u

const TAB_CELLS = 8

/** Cells that one character, as people count them, takes on a terminal. */
function cellsOf(grapheme: string): number {
  if (INVISIBLE.test(grapheme)) return 0
  return EMOJI.test(grapheme) || WIDE.test(grapheme) ? 2 : 1
}

/** How many rows of a terminal `text` takes when it begins in the first column. At least 1. */
export function displayRows(text: string, columns: number): number {
  let rows = 1
  let column = 0
  for (const { segment } of graphemes.segment(text)) {
    if (segment === '\n') {
      rows += 1
      column = 0
      continue
    }
    const cells = segment === '\t' ? TAB_CELLS - (column % TAB_CELLS) : cellsOf(segment)
    if (column + cells > columns) {
      rows += 1
      column = 0
    }
    column += cells
  }
  return rows
}
