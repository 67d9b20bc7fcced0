/** One line of the table. */
export interface Figure {
  readonly what: string
  readonly budget: string
  readonly measured: string
  /** Undefined where the budget is a comparison that is only reported. */
  readonly isMet?: boolean
  /** The numbers behind `measured`. */
  readonly numbers: Readonly<Record<string, number>>
}

/** The value below which `share` (0 to 1) of the values lie. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

export const round = (value: number, digits = 0): number => Number(value.toFixed(digits))
