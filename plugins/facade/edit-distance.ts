/** As long as Postgres's `levenshtein` takes them. */
const MAX_LENGTH = 255

/** Levenshtein's distance of the first 255 characters of both. */
export function editDistance(one: string, other: string): number {
  const a = one.slice(0, MAX_LENGTH)
  const b = other.slice(0, MAX_LENGTH)
  let row = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, replaced))
    }
    row = next
  }
  return row[b.length] ?? 0
}
