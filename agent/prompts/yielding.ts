import type { MergedState } from '../merge-state.ts'
import type { State } from '../provider.ts'

/** The order in which pieces of a prompt give way. */
export interface Yielding {
  /** How many can. */
  readonly total: number
  /** The state without so many pieces, and what is missing by its kind. */
  without(drops: number): {
    readonly state: State
    readonly dropped: Readonly<Record<string, number>>
  }
}

/**
 * Rank by rank, each down to its reserve; then, in the same order, the reserves: the last words of a
 * conversation outlive a document.
 */
export function createYielding({ yielding, shortened }: MergedState): Yielding {
  const order = yielding
    .map(({ count, rank, reserve = 0 }, index) => {
      return { index, count, rank, reserve: Math.max(0, Math.min(reserve, count)) }
    })
    .sort((a, b) => a.rank - b.rank)
  const stages = [
    ...order.map(({ index, count, reserve }) => ({ index, length: count - reserve })),
    ...order.map(({ index, reserve }) => ({ index, length: reserve })),
  ]
  const without = (drops: number) => {
    const counts = yielding.map(({ count }) => count)
    let left = drops
    for (const { index, length } of stages) {
      const taken = Math.min(left, length)
      counts[index] = (counts[index] ?? 0) - taken
      left -= taken
    }
    const { state, kept } = shortened(counts)
    return { state, dropped: droppedBy(yielding, kept) }
  }
  return { total: order.reduce((sum, { count }) => sum + count, 0), without }
}

function droppedBy(
  yielding: MergedState['yielding'],
  kept: readonly number[],
): Record<string, number> {
  const dropped: Record<string, number> = {}
  yielding.forEach(({ kind, count }, index) => {
    const missing = count - (kept[index] ?? 0)
    if (missing > 0) dropped[kind] = (dropped[kind] ?? 0) + missing
  })
  return dropped
}
