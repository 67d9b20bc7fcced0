import type { ModelCard, ModelUsage } from '../agent/models.ts'

/** About four characters a token; the vendor's count replaces it. */
export const estimateTokens = (text: string): number => Math.ceil(text.length / 4)

const PER_MILLION = 1_000_000

/** US dollars by the price list; null when the price is unknown. */
export function costOf(
  { price }: Pick<ModelCard, 'price'>,
  { inputTokens, outputTokens, cachedTokens = 0, cacheWriteTokens = 0 }: ModelUsage,
): number | null {
  if (!price) return null
  const { input, output, cachedInput = input, cacheWrite = input } = price
  const fresh = Math.max(0, inputTokens - cachedTokens - cacheWriteTokens)
  return (
    (fresh * input +
      cachedTokens * cachedInput +
      cacheWriteTokens * cacheWrite +
      outputTokens * output) /
    PER_MILLION
  )
}
