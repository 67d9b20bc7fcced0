const CONTRACTIONS: readonly (readonly [RegExp, string])[] = [
  [/\b(i)(?:'m|m)\b/gi, 'I am'],
  [/\b(?:can't|cannot|cant)\b/gi, 'can not'],
  [/\bwon't\b/gi, 'will not'],
  [/\bdont\b/gi, 'do not'],
  [/n't\b/gi, ' not'],
  [/'re\b/gi, ' are'],
  [/'ve\b/gi, ' have'],
  [/'ll\b/gi, ' will'],
  [/\b(i|you|he|she|we|they)'d\b/gi, '$1 would'],
  [/\b(what|who|where|that|it|he|she|how)'s\b/gi, '$1 is'],
  [/\b(what|that)s\b/gi, '$1 is'],
]

/** The parts of a message that rules look at, one at a time. */
export function clausesOf(message: string): readonly string[] {
  const plain = message.replace(/[’‘]/g, "'")
  const expanded = CONTRACTIONS.reduce((text, [from, to]) => text.replace(from, to), plain)
  return expanded
    .split(/[.!?;:,\n]+|\bbut\b/i)
    .map((clause) => clause.replace(/\s+/g, ' ').trim())
    .filter((clause) => clause !== '')
}

const TURNED: Readonly<Record<string, string>> = {
  i: 'you',
  me: 'you',
  my: 'your',
  mine: 'yours',
  myself: 'yourself',
  am: 'are',
  your: 'my',
  yours: 'mine',
  yourself: 'myself',
}

/** After or before one of these, `you` is who acts: `I`, not `me`. */
const BEFORE_SUBJECT =
  /^(?:that|if|when|because|what|why|how|where|are|were|do|did|can|could|will)$/
const AFTER_SUBJECT =
  /^(?:are|were|have|had|do|did|can|could|will|would|should|know|think|like|say|said|want|need|feel|seem|look|understand|hate|love|make|get|help|hear|listen|talk)$/

/** Longest part of a message that is said back, in words. */
const LONGEST_ECHO = 14

/** A part of what somebody said, as the other side says it: `my cat likes you` → `your cat likes me`. */
export function turnAround(part: string): string {
  const words = part.trim().split(/\s+/).slice(0, LONGEST_ECHO)
  const turned = words.map((word, i) =>
    turnWord(word, words[i - 1]?.toLowerCase() ?? '', words[i + 1]?.toLowerCase() ?? ''),
  )
  return turned.join(' ').slice(0, 200)
}

function turnWord(word: string, before: string, after: string): string {
  const lower = word.toLowerCase()
  if (lower === 'you') {
    return BEFORE_SUBJECT.test(before) || AFTER_SUBJECT.test(after) ? 'I' : 'me'
  }
  if (lower === 'are' && (before === 'you' || after === 'you')) return 'am'
  if (lower === 'were' && (before === 'you' || after === 'you')) return 'was'
  if (lower === 'was' && (before === 'i' || after === 'i')) return 'were'
  return Object.hasOwn(TURNED, lower) ? (TURNED[lower] ?? word) : word
}
