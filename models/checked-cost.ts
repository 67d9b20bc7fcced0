/** What a vendor says that a call has cost, in US dollars; null when it says none that can be true. */
export const checkedCost = (cost: unknown): number | null =>
  typeof cost === 'number' && Number.isFinite(cost) && cost >= 0 ? cost : null
