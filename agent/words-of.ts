/** What something that was thrown says. Foreign code throws anything, also what has no text at all. */
export function wordsOf(thrown: unknown): string {
  try {
    return thrown instanceof Error ? String(thrown.message) : String(thrown)
  } catch {
    return 'Something was thrown that has no text.'
  }
}
