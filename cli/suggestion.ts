import { nearest } from '../schema/nearest.ts'

/** " Did you mean 'x'?" when a known word is near enough to be a slip of the fingers, else nothing. */
export function suggestion(word: string, known: readonly string[]): string {
  const guess = nearest(word, known)
  return guess ? ` Did you mean '${guess}'?` : ''
}
