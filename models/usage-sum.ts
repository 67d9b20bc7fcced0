import type { ModelUsage } from '../agent/models.ts'
import { checkedUsage } from './checked-usage.ts'

/** What the vendor behind a plugin's handler said it used, over all requests of one call. */
export function usageSum() {
  let sum: ModelUsage | undefined
  let count = 0
  return {
    add(usage: ModelUsage | undefined): void {
      // Foreign code may be what calls.
      const next = usage && checkedUsage(usage)
      if (!next) return
      count += 1
      sum = {
        inputTokens: next.inputTokens + (sum?.inputTokens ?? 0),
        outputTokens: next.outputTokens + (sum?.outputTokens ?? 0),
        ...cached((next.cachedTokens ?? 0) + (sum?.cachedTokens ?? 0)),
      }
    },
    sum: () => sum,
    /** As a member, when all of `parts` were counted: what is left out would cost nothing. */
    part: (parts: number) => (sum && count === parts ? { usage: sum } : {}),
  }
}

const cached = (cachedTokens: number) => (cachedTokens > 0 ? { cachedTokens } : {})
