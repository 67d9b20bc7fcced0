import type { Billed, ModelUsage } from '../agent/models.ts'
import { checkedCost } from './checked-cost.ts'
import { checkedUsage, isTokenCount, sumOfCounts } from './checked-usage.ts'
import type { OpenaiDialect } from './openai-dialect.ts'

/** What an answer says about its bill. Chat counts `prompt_tokens`, pictures and speech `input_tokens`. */
export function billOf(usage: unknown, { costOf }: OpenaiDialect): Billed {
  if (!isRecord(usage)) return { cost: null }
  const tokens = tokensOf(usage)
  return { ...(tokens && { usage: tokens }), cost: checkedCost(costOf?.(usage)) }
}

/** Of several requests as one: what one of them did not say is not known of the whole. */
export function sumOf(bills: readonly Billed[]): Billed {
  const costs = bills.map(({ cost }) => cost).filter((cost) => cost !== null)
  const usage = checkedUsage({
    inputTokens: sumOfCounts(bills.map((bill) => bill.usage?.inputTokens)),
    outputTokens: sumOfCounts(bills.map((bill) => bill.usage?.outputTokens)),
  })
  const isWhole = costs.length === bills.length
  return {
    ...(usage && { usage }),
    cost: isWhole ? checkedCost(costs.reduce((sum, cost) => sum + cost, 0)) : null,
  }
}

function tokensOf(usage: Readonly<Record<string, unknown>>): ModelUsage | undefined {
  const inputTokens = usage.prompt_tokens ?? usage.input_tokens
  // An embedding has none.
  const said = usage.completion_tokens ?? usage.output_tokens ?? 0
  const details = usage.prompt_tokens_details
  const { cached_tokens: cachedTokens, cache_write_tokens: cacheWriteTokens } = isRecord(details)
    ? details
    : {}
  const found = checkedUsage({ inputTokens, outputTokens: said, cachedTokens, cacheWriteTokens })
  const total = usage.total_tokens ?? 0
  if (!found || !isTokenCount(total)) return undefined
  // xAI counts the tokens that a model thought in only in the total, and bills them.
  return { ...found, outputTokens: Math.max(found.outputTokens, total - found.inputTokens) }
}

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
