import { randomUUID } from 'node:crypto'
import type { Breakers } from '../agent/breakers.ts'
import type { ExhaustedBudget } from '../agent/budgets.ts'
import { ModelError } from '../agent/errors.ts'
import type { CallAnswer, LedgerCall, PaidAnswer } from '../agent/ledger.ts'
import type { Billed, ResolvedModel } from '../agent/models.ts'
import { startClock } from './call-clock.ts'
import { type CallPlan, exhaustedError, planCall } from './call-plan.ts'
import { answerRecord, endRecord } from './call-record.ts'
import type { VendorCall, VendorPorts } from './call-vendor.ts'
import { enterVendor } from './enter-vendor.ts'
import { recorded } from './recorded.ts'

/** After it one call finds out whether the vendor still means it: some ask for a day, by mistake. */
const MAX_PAUSE_MS = 60_000
/** When it does not say for how long. */
const USUAL_PAUSE_MS = 1_000

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
  const visit: Visit = { reported: 'neutral', tokens: 0 }
  try {
    const opened = await ports.ledger.open(row)
    if (opened.kind === 'finished') return { kind: 'paid', answer: opened }
    if (opened.kind === 'exhausted') return exhausted(opened.budget)
    return await ask(ports, call, target, { row, plan, visit })
  } finally {
    entry.leave(visit.tokens)
    // Also when nobody was asked: a probe that is not reported keeps everybody else waiting for it.
    if (target.host !== '') {
      const { reported, errorCode } = visit
      await ports.breakers.report(target, reported, { verdict: entry.verdict, errorCode })
    }
  }
}

/** What breaker and rate limit hear of a call when it is over. */
interface Visit {
  reported: Parameters<Breakers['report']>[1]
  errorCode?: string
  /** 0: the vendor was not asked. Undefined: what it used is not known. */
  tokens: number | undefined
}

const exhausted = (budget: ExhaustedBudget) => ({
  kind: 'exhausted' as const,
  error: exhaustedError(budget),
  maySmaller: budget.atLimit === 'smaller',
})

/** None counted is not known: 0 would say that the vendor was not asked. */
const tokensOf = ({ usage }: CallAnswer) =>
  (usage && usage.inputTokens + usage.outputTokens) || undefined

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

async function ask<Result extends Billed>(
  ports: VendorPorts,
  call: VendorCall<Result>,
  target: ResolvedModel,
  { row, plan, visit }: { row: LedgerCall; plan: CallPlan; visit: Visit },
): Promise<Outcome<Result>> {
  const { signal } = call
  const clock = startClock()
  const heard = { row, target, clock }
  visit.tokens = undefined
  let result: Result
  try {
    result = await call.invoke(target, { signal, maxTokens: plan.maxTokens, note: clock.note })
  } catch (error) {
    const end = endRecord(error, signal.aborted, heard)
    visit.errorCode = end.errorCode ?? undefined
    if (isOutage(error, signal)) visit.reported = 'failure'
    await ports.ledger.end(row, end)
    if (signal.aborted || !(error instanceof ModelError)) throw error
    if (error.status === 429) {
      ports.rates.pause(target, Math.min(error.retryAfterMs ?? USUAL_PAUSE_MS, MAX_PAUSE_MS))
    }
    return { kind: 'failed', error }
  }
  const answer = answerRecord(result, call.record(result), heard)
  visit.reported = 'success'
  visit.tokens = tokensOf(answer)
  await recorded(() => ports.ledger.complete(row, answer))
  return { kind: 'answered', result }
}

/**
 * What a breaker counts: the vendor's fault, not the request's, and not ours. A 429 concerns the account,
 * which is paused; other accounts use the same model.
 */
const isOutage = (error: unknown, signal: AbortSignal): boolean =>
  !signal.aborted && error instanceof ModelError && error.retryable && error.status !== 429
