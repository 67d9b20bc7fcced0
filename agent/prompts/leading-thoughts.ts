/** Takes what a model thinks aloud off the beginning of a text that comes in pieces. */
export interface ThoughtFilter {
  /** Returns what is certainly no such thought. */
  push(delta: string): string
  /** Returns what was held back and is no thought after all. */
  end(): string
}

const OPEN = /^<(think|thinking)>/i
const MAYBE_OPEN = /^<(?:t(?:h(?:i(?:n(?:k(?:i(?:n(?:g)?)?)?)?)?)?)?)?$/i

/**
 * Drops `<think>…</think>` blocks that begin the text. One that is never closed is all thought. Tags
 * further on are part of what is said. Blanks around the blocks go with them; `drop-blanks` takes
 * those of a text that has none as well.
 */
export function createThoughtFilter(
  blanks: 'drop-blanks' | 'keep-blanks' = 'drop-blanks',
): ThoughtFilter {
  let held = ''
  let close: RegExp | undefined // of the thought that is open
  let isOpen = true
  let hasThought = false

  const push = (delta: string): string => {
    if (!isOpen) return delta
    held += delta
    for (;;) {
      if (close) {
        const end = close.exec(held)
        if (!end) {
          held = held.slice(-MAX_CLOSE)
          return ''
        }
        held = held.slice(end.index + end[0].length)
        close = undefined
      }
      const begun = held.trimStart()
      if (hasThought || blanks === 'drop-blanks') held = begun
      const open = OPEN.exec(begun)
      if (!open) {
        if (begun === '' || MAYBE_OPEN.test(begun)) return ''
        isOpen = false
        return held
      }
      hasThought = true
      close = new RegExp(`</${open[1]}>`, 'i')
      held = begun.slice(open[0].length)
    }
  }

  const end = (): string => (isOpen && !close ? held : '')
  return { push, end }
}

/** One character less than `</thinking>`. */
const MAX_CLOSE = 10
