const FIRST_MS = 100
const LONGEST_MS = 5_000

/** Doubles with every failure in a row (from 1), up to 5 s; half of it is chance. */
export function retryDelayMs(failures: number): number {
  const fullMs = Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - 1))
  return (fullMs / 2) * (1 + Math.random())
}
