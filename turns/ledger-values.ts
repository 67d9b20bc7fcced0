import type { CallAnswer, CallEnd } from '../agent/ledger.ts'
import type { ModelUsage } from '../agent/models.ts'
import { storableText } from '../schema/text.ts'

// Vendors and plugins say what they like. A row that Postgres refuses would be an answer that was paid
// for and lost, and a NaN in a budget would stay there.

/** Of `integer`. */
const MAX_INTEGER = 2_147_483_647

/** An error is for reading; vendors put whole documents into theirs. */
const MAX_ERROR_LENGTH = 2_000

/** A whole number that fits into a column; null when it is no number. */
const wholeNumber = (value: number | null | undefined): number | null =>
  typeof value === 'number' && Number.isFinite(value)
    ? Math.min(Math.max(Math.round(value), 0), MAX_INTEGER)
    : null

/** An estimate of tokens. */
export const storableTokens = (tokens: number): number => wholeNumber(tokens) ?? 0

/** A negative price is a slip: what the call cost is then not known. */
const storableCost = (cost: number | null): number | null =>
  cost !== null && Number.isFinite(cost) && cost >= 0 ? cost : null

const textOrNull = (text: string | null): string | null =>
  text === null ? null : storableText(text)

interface StorableUsage {
  readonly inputTokens: number
  readonly outputTokens: number
  readonly cachedTokens: number | null
  readonly cacheWriteTokens: number | null
}

/** Undefined for what is no number: it then counts as an answer without usage. */
function storableUsage(usage: ModelUsage | undefined): StorableUsage | undefined {
  const inputTokens = wholeNumber(usage?.inputTokens)
  const outputTokens = wholeNumber(usage?.outputTokens)
  if (inputTokens === null || outputTokens === null) return undefined
  const cachedTokens = wholeNumber(usage?.cachedTokens)
  return {
    inputTokens,
    outputTokens,
    cachedTokens,
    cacheWriteTokens: wholeNumber(usage?.cacheWriteTokens),
  }
}

const storableTimes = ({ firstTokenMs, latencyMs }: CallAnswer | CallEnd) => ({
  firstTokenMs: wholeNumber(firstTokenMs),
  latencyMs: wholeNumber(latencyMs),
})

/** What the ledger stores of an answer, whatever the answer says. */
export const storableAnswer = (answer: CallAnswer) => ({
  ...storableTimes(answer),
  text: textOrNull(answer.text),
  finishReason: storableText(answer.finishReason),
  usage: storableUsage(answer.usage),
  estimatedOutputTokens: storableTokens(answer.estimatedOutputTokens),
  cost: storableCost(answer.cost),
})

/** The same of a call that was aborted or failed. */
export const storableEnd = (end: CallEnd) => ({
  ...storableTimes(end),
  state: end.state,
  wasRefused: end.wasRefused,
  estimatedOutputTokens: storableTokens(end.estimatedOutputTokens),
  cost: storableCost(end.cost),
  error: textOrNull(end.error === null ? null : end.error.slice(0, MAX_ERROR_LENGTH)),
  errorCode: textOrNull(end.errorCode),
})
