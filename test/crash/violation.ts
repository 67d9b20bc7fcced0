/** Named as in docs/promises.md; `effects` is the promise about actions. */
export type Invariant = 'I1' | 'I2' | 'I3' | 'I4' | 'I5' | 'I6' | 'I7' | 'I8' | 'effects'

export interface Violation {
  readonly invariant: Invariant
  /** What is wrong, with the ids. */
  readonly what: string
}

export const violation = (invariant: Invariant, what: string): Violation => ({ invariant, what })

/** The members that share a key, in their order. */
export function grouped<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group) group.push(item)
    else groups.set(key, [item])
  }
  return groups
}
