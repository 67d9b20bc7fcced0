import { randomUUID } from 'node:crypto'
import type { Breakers, BreakerVerdict } from '../agent/breakers.ts'
import type { ExhaustedBudget } from '../agent/budgets.ts'
import { ModelError } from '../agent/errors.ts'
import type { CallEnd, LedgerCall, PaidAnswer } from '../agent/ledger.ts'
import type { Billed, ResolvedModel } from '../agent/models.ts'
import { wordsOf } from '../agent/words-of.ts'
import { startClock } from './call-clock.ts'
import { costOf, estimateTokens } from './call-cost.ts'
import { type CallPlan, exhaustedError, planCall } from './call-plan.ts'
import type { VendorCall, VendorPorts } from './call-vendor.ts'
import { enterVendor } from './enter-vendor.ts'
import { recorded } from './recorded.ts'

/** After it one call finds out whether the vendor still means it: some ask for a day, by mistake. */
const MAX_PAUSE_MS = 60_000

export type Outcome<Result> =
  | { readonly kind: 'answered'; readonly result: Result }
  | { readonly kind: 'paid'; readonly answer: PaidAnswer }
  | { readonly kind: 'failed'; readonly error: ModelError }
  /** It was not asked: its breaker is open, or too many wait for it. */
  | { readonly kind: 'postponed'; readonly error: ModelError }
  | { readonly kind: 'exhausted'; readonly error: ModelError; readonly maySmaller: boolean }

/** One model is asked once, if its breaker, its rate limit and the budgets let it. */
export async function tryVendor<Result extends Billed>(
  ports: VendorPorts,
  call: VendorCall<Result>,
  target: ResolvedModel,
  ordinal: number,
): Promise<Outcome<Result>> {
  const plan = await planCall(call, target, ports.budgets)
  if (plan.kind !== 'planned') return plan
  const entry = await enterVendor(ports, call, target, plan)
  if (entry.kind === 'postponed') return entry
  const row = rowOf(call, target, plan, ordinal)
  let tokens: number | undefined
  try {
    const opened = await ports.ledger.open(row)
    if (opened.kind === 'finished') return { kind: 'paid', answer: opened }
    if (opened.kind === 'exhausted') return exhausted(opened.budget)
    const outcome = await ask(ports, call, target, { row, plan, verdict: entry.verdict })
    if (outcome.kind === 'answered') tokens = tokensOf(outcome.result)
    return outcome
  } finally {
    entry.leave(tokens)
  }
}

const exhausted = (budget: ExhaustedBudget) => ({
  kind: 'exhausted' as const,
  error: exhaustedError(budget),
  maySmaller: budget.atLimit === 'smaller',
})

const tokensOf = ({ usage }: Billed) => usage && usage.inputTokens + usage.outputTokens

const rowOf = <Result extends Billed>(
  { attempt, agent, step, call, purpose }: VendorCall<Result>,
  { vendor, model }: ResolvedModel,
  { inputTokens, budget }: CallPlan,
  ordinal: number,
): LedgerCall => ({
  id: randomUUID(),
  attempt,
  agentId: agent.id,
  step,
  call,
  try: ordinal,
  vendor: vendor.name,
  model,
  purpose,
  inputTokens,
  budget,
})

type CallOutcome = Parameters<Breakers['report']>[1]

async function ask<Result extends Billed>(
  ports: VendorPorts,
  call: VendorCall<Result>,
  target: ResolvedModel,
  { row, plan, verdict }: { row: LedgerCall; plan: CallPlan; verdict: BreakerVerdict },
): Promise<Outcome<Result>> {
  const clock = startClock()
  const report = (outcome: CallOutcome, errorCode?: string) =>
    target.host === '' ? undefined : ports.breakers.report(target, outcome, { verdict, errorCode })
  let result: Result
  try {
    const { signal } = call
    const { maxTokens } = plan
    result = await call.invoke(target, { signal, maxTokens, note: clock.note })
  } catch (error) {
    await ports.ledger.end(row, endOf(error, call.signal, clock, { row, target }))
    const errorCode = error instanceof ModelError ? error.code : 'internal'
    await report(isOutage(error, call.signal) ? 'failure' : 'neutral', errorCode)
    if (call.signal.aborted || !(error instanceof ModelError)) throw error
    if (error.status === 429 && error.retryAfterMs) {
      ports.rates.pause(target, Math.min(error.retryAfterMs, MAX_PAUSE_MS))
    }
    return { kind: 'failed', error }
  }
  const { text, finishReason } = call.record(result)
  const estimatedOutputTokens = estimateTokens(clock.text() || (text ?? ''))
  const { usage = { inputTokens: row.inputTokens, outputTokens: estimatedOutputTokens } } = result
  await recorded(() =>
    ports.ledger.complete(row, {
      ...clock.times(),
      text,
      finishReason,
      usage: result.usage,
      estimatedOutputTokens,
      cost: result.cost ?? costOf(target.card, usage),
    }),
  )
  await report('success')
  return { kind: 'answered', result }
}

/** What a breaker counts: the vendor's fault, not the request's, and not ours. */
const isOutage = (error: unknown, signal: AbortSignal): boolean =>
  !signal.aborted && error instanceof ModelError && error.retryable

function endOf(
  error: unknown,
  signal: AbortSignal,
  clock: ReturnType<typeof startClock>,
  { row, target }: { row: LedgerCall; target: ResolvedModel },
): CallEnd {
  const outputTokens = estimateTokens(clock.text())
  const ended = {
    ...clock.times(),
    estimatedOutputTokens: outputTokens,
    cost: costOf(target.card, { inputTokens: row.inputTokens, outputTokens }),
  }
  if (signal.aborted) {
    return { ...ended, state: 'cut', error: null, errorCode: null, wasRefused: false }
  }
  const { code, status } =
    error instanceof ModelError ? error : { code: 'internal', status: undefined }
  const wasRefused = status !== undefined && clock.text() === ''
  return {
    ...ended,
    ...(wasRefused && { cost: 0 }),
    state: 'unknown',
    error: wordsOf(error),
    errorCode: code,
    wasRefused,
  }
}
