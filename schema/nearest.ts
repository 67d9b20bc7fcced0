import { closest, distance } from 'fastest-levenshtein'

/** The known word that was probably meant; undefined when none is near. Case does not count. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const short = word.slice(0, 100).toLowerCase()
  const best = closest(
    short,
    known.map((candidate) => candidate.toLowerCase()),
  )
  const limit = short.length < 4 ? 1 : short.length < 10 ? 2 : 3
  if (!best || distance(short, best) > limit) return undefined
  return known.find((candidate) => candidate.toLowerCase() === best)
}
