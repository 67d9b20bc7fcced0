import { ModelError } from '../agent/errors.ts'
import type { CallAnswer, CallEnd, LedgerCall } from '../agent/ledger.ts'
import {
  type Billed,
  hasUncountedAnswer,
  type ModelUsage,
  type ResolvedModel,
} from '../agent/models.ts'
import { wordsOf } from '../agent/words-of.ts'
import { storableText } from '../schema/text.ts'
import type { CallClock } from './call-clock.ts'
import { costOf, estimateTokens } from './call-cost.ts'
import type { VendorCall } from './call-vendor.ts'

/** An error is for reading; vendors and plugins put whole documents into theirs. */
const MAX_ERROR_LENGTH = 2_000

/** More than any model can count: a number beyond it is a slip, and says nothing. */
const MAX_TOKENS = 1e9

/** Statuses at which the vendor said no before it did any work. */
const UNBILLED: readonly number[] = [500, 503, 529]
const MAYBE_BILLED: readonly number[] = [408, 499]

/** What the ledger keeps of an answer. */
export function answerRecord<Result extends Billed>(
  result: Result,
  { text, finishReason }: ReturnType<VendorCall<Result>['record']>,
  { row, target, clock }: { row: LedgerCall; target: ResolvedModel; clock: CallClock },
): CallAnswer {
  const estimatedOutputTokens = estimateTokens(clock.text() || (text ?? ''))
  const usage = plausible(result.usage)
  const counted = usage ?? { inputTokens: row.inputTokens, outputTokens: estimatedOutputTokens }
  return {
    ...clock.times(),
    text: text === null ? null : storableText(text),
    finishReason,
    ...(usage && { usage }),
    estimatedOutputTokens,
    cost: isAmount(result.cost) ? result.cost : listCost(counted, usage !== undefined, row, target),
  }
}

/** Null for pictures and sound that nobody counted: the price of the prompt alone would look like all. */
const listCost = (
  tokens: ModelUsage,
  isCounted: boolean,
  { purpose }: LedgerCall,
  { card }: ResolvedModel,
): number | null => (isCounted || !hasUncountedAnswer(purpose) ? costOf(card, tokens) : null)

/** What the ledger keeps of a call that was aborted or failed. */
export function endRecord(
  error: unknown,
  isAborted: boolean,
  { row, target, clock }: { row: LedgerCall; target: ResolvedModel; clock: CallClock },
): CallEnd {
  const outputTokens = estimateTokens(clock.text())
  const ended = {
    ...clock.times(),
    estimatedOutputTokens: outputTokens,
    cost: listCost({ inputTokens: row.inputTokens, outputTokens }, false, row, target),
  }
  if (isAborted) return { ...ended, state: 'cut', error: null, errorCode: null, wasRefused: false }
  const wasRefused = clock.text() === '' && didNoWork(error)
  return {
    ...ended,
    ...(wasRefused && { cost: 0 }),
    state: 'unknown',
    error: storableText(wordsOf(error)).slice(0, MAX_ERROR_LENGTH),
    errorCode: error instanceof ModelError ? error.code : 'internal',
    wasRefused,
  }
}

function didNoWork(error: unknown): boolean {
  if (!(error instanceof ModelError)) return false
  const { isUnsent, status = 0 } = error
  const isRefusal = status >= 400 && status < 500 && !MAYBE_BILLED.includes(status)
  return isUnsent === true || isRefusal || UNBILLED.includes(status)
}

function plausible(usage: ModelUsage | undefined): ModelUsage | undefined {
  const counts = Object.values(usage ?? {}).filter((count) => count !== undefined)
  const isPlausible = counts.every((count) => Number.isInteger(count) && isAmount(count))
  return isPlausible ? usage : undefined
}

const isAmount = (value: number | null | undefined): value is number =>
  typeof value === 'number' && value >= 0 && value <= MAX_TOKENS
