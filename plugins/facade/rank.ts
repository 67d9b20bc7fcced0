/** BM25's usual constants: how soon a repeated word stops counting, and how much length counts. */
const SATURATION = 1.2
const LENGTH_WEIGHT = 0.75

/** By how well their text fits the words of the query (BM25). All are kept; equals keep their order. */
export function ranked<T>(query: string, items: readonly T[], textOf: (item: T) => string): T[] {
  const texts = items.map((item) => wordsOf(textOf(item)))
  const average = texts.reduce((sum, words) => sum + words.length, 0) / (texts.length || 1) || 1
  const wanted = [...new Set(wordsOf(query))].map((word) => {
    const having = texts.filter((words) => words.includes(word)).length
    return { word, weight: Math.log(1 + (texts.length - having + 0.5) / (having + 0.5)) }
  })
  const scores = texts.map((words) =>
    wanted.reduce((sum, { word, weight }) => {
      const count = words.filter((each) => each === word).length
      const length = 1 - LENGTH_WEIGHT + LENGTH_WEIGHT * (words.length / average)
      return sum + (weight * count * (SATURATION + 1)) / (count + SATURATION * length)
    }, 0),
  )
  return items
    .map((item, at) => ({ item, score: scores[at] ?? 0 }))
    .sort((a, b) => b.score - a.score)
    .map(({ item }) => item)
}

const wordsOf = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
