import type { Billed, ModelUsage } from '../agent/models.ts'
import type { OpenaiDialect } from './openai-dialect.ts'

/** What an answer says about its bill. Chat counts `prompt_tokens`, pictures and speech `input_tokens`. */
export function billOf(usage: unknown, { costOf }: OpenaiDialect): Billed {
  if (!isRecord(usage)) return { cost: null }
  const tokens = tokensOf(usage)
  return { ...(tokens && { usage: tokens }), cost: costOf?.(usage) ?? null }
}

/** Of several requests as one: what one of them did not say is not known of the whole. */
export function sumOf(bills: readonly Billed[]): Billed {
  const usages = bills.map(({ usage }) => usage).filter((usage) => usage !== undefined)
  const costs = bills.map(({ cost }) => cost).filter((cost) => cost !== null)
  const add = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0)
  const usage = {
    inputTokens: add(usages.map(({ inputTokens }) => inputTokens)),
    outputTokens: add(usages.map(({ outputTokens }) => outputTokens)),
  }
  return {
    ...(usages.length === bills.length && { usage }),
    cost: costs.length === bills.length ? add(costs) : null,
  }
}

/** A prompt is never 0 tokens long: servers that do not count send zeros, which is no usage at all. */
function tokensOf(usage: Readonly<Record<string, unknown>>): ModelUsage | undefined {
  const inputTokens = usage.prompt_tokens ?? usage.input_tokens
  // An embedding has none.
  const said = usage.completion_tokens ?? usage.output_tokens ?? 0
  if (!isCount(inputTokens) || !isCount(said) || inputTokens === 0) return undefined
  const details = usage.prompt_tokens_details
  const cachedTokens = isRecord(details) ? details.cached_tokens : undefined
  const total = usage.total_tokens
  // xAI counts the tokens that a model thought in only in the total, and bills them.
  const outputTokens = isCount(total) ? Math.max(said, total - inputTokens) : said
  return { inputTokens, outputTokens, ...(isCount(cachedTokens) && { cachedTokens }) }
}

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
