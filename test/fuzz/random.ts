/** A stream of choices that depends on its seed only. */
export interface Random {
  /** From 0 up to, without, 1. */
  next(): number
  /** A whole number, both ends included. */
  whole(least: number, most: number): number
  chance(probability: number): boolean
  pick<T>(items: readonly T[]): T
  /** By weights, which need not add up to anything. */
  weighted<T>(items: readonly (readonly [weight: number, item: T])[]): T
  /** A stream of its own: what is drawn from it moves nothing here. */
  fork(name: string): Random
}

/** Mulberry32: 32 bits of state, good enough to choose faults. @param seed any whole number */
export function createRandom(seed: number): Random {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const whole = (least: number, most: number) => least + Math.floor(next() * (most - least + 1))
  const chosen = <T>(items: readonly T[], index: number): T => {
    const item = items[index]
    if (item === undefined) throw new Error('There is nothing to choose from.')
    return item
  }
  return {
    ...{ next, whole },
    chance: (probability) => next() < probability,
    pick: (items) => chosen(items, whole(0, items.length - 1)),
    weighted(items) {
      let left = next() * items.reduce((sum, [weight]) => sum + weight, 0)
      const index = items.findIndex(([weight]) => {
        left -= weight
        return left < 0
      })
      return chosen(items, Math.max(0, index))[1]
    },
    fork: (name) => createRandom(seed ^ hashOf(name)),
  }
}

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193)
  return hash >>> 0
}
