/** Finds the last words of a text at the beginning of what continues it. */
export interface Overlap {
  /**
   * Length of the repeated words at the beginning of `next`, 0 when it repeats none; undefined when
   * more of it must come first.
   */
  find(next: string, isLast: boolean): number | undefined
  /** Whether `next` begins as the whole text does: then it is no continuation of it. */
  isAnew(next: string): boolean
}

/** From here on nobody repeats by chance what was just said, wherever in a word it begins. */
const LONG = 12
/** From here on, what repeats the whole text begins it anew. */
const LEAST_WHOLE = 5
/** So much of the text's beginning is not said again by one who goes on. */
const BEGINNING = 20
/** Characters at the end of the text in which repeated words are looked for, besides all of it. */
const WINDOW = 2_000
/** A fragment of a word that the continuation writes as a whole: `wor`, `world`. */
const LEAST_FRAGMENT = 3

/** @param from where in `text` repeated words can begin at the earliest */
export function createOverlap(text: string, from: number): Overlap {
  /** Where the ends of `text` begin that `next` may repeat, the longest first. */
  let starts: number[] | undefined
  const find = (next: string, isLast: boolean): number | undefined => {
    starts = (starts ?? startsWith(text, from, next.charAt(0))).filter((start) => {
      const end = text.slice(start)
      return end.length > next.length ? end.startsWith(next) : next.startsWith(end)
    })
    const whole = starts.filter((start) => text.length - start < next.length)
    if (!isLast && whole.length < starts.length) return undefined
    const lengthOf = (start: number) => Math.min(text.length - start, next.length)
    const found = starts.find(
      (start) =>
        (start === from && lengthOf(start) >= LEAST_WHOLE) ||
        isRepetition(text, start, next.slice(0, lengthOf(start) + 1)),
    )
    return found === undefined ? 0 : lengthOf(found)
  }
  const isAnew = (next: string): boolean => {
    const beginning = text.slice(from, from + BEGINNING)
    return beginning.length === BEGINNING && next.startsWith(beginning)
  }
  return { find, isAnew }
}

function startsWith(text: string, from: number, character: string): number[] {
  const nearby = Math.max(from + 1, text.length - WINDOW)
  const starts = text.charAt(from) === character ? [from] : []
  for (let at = text.indexOf(character, nearby); at >= 0; at = text.indexOf(character, at + 1)) {
    starts.push(at)
  }
  return starts
}

/** @param next the words, and the character behind them if there is one */
function isRepetition(text: string, start: number, next: string): boolean {
  const words = next.slice(0, text.length - start)
  if (words.length >= LONG) return true
  const before = text.charAt(start - 1)
  const isWordStart = before === '' || before === '>' || /\s/.test(before)
  if (!isWordStart) return false
  if (/\S\s+\S/.test(words)) return true
  const isFragment = /[\p{L}\p{N}]{2}$/u.test(next) && next.length > words.length
  return isFragment && words.length >= LEAST_FRAGMENT
}
