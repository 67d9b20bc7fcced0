import type { ModelUsage } from '../agent/models.ts'

/** No model reads or writes as many; the ledger's columns end at 2,147,483,647. */
const MOST_TOKENS = 1_000_000_000

/** As a vendor sent them. */
type Counts = Readonly<Record<Exclude<keyof ModelUsage, OptionalCount>, unknown>> &
  Readonly<Partial<Record<OptionalCount, unknown>>>
type OptionalCount = 'cachedTokens' | 'cacheWriteTokens'

/**
 * A prompt is never 0 tokens long: servers that do not count send zeros, which is no usage at all. Nor
 * are counts that cannot be true: they would end up in budgets.
 */
export function checkedUsage(counts: Counts): ModelUsage | undefined {
  const { inputTokens, outputTokens, cachedTokens, cacheWriteTokens } = counts
  if (!isTokenCount(inputTokens) || !isTokenCount(outputTokens) || inputTokens === 0) {
    return undefined
  }
  const isPart = (count: unknown): count is number => isTokenCount(count) && count <= inputTokens
  return {
    inputTokens,
    outputTokens,
    ...(isPart(cachedTokens) && { cachedTokens }),
    ...(isPart(cacheWriteTokens) && { cacheWriteTokens }),
  }
}

export const isTokenCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= MOST_TOKENS

/** NaN, which is no count, when one of them is none. */
export const sumOfCounts = (counts: readonly unknown[]): number =>
  counts.reduce<number>((sum, count) => sum + (isTokenCount(count) ? count : Number.NaN), 0)
