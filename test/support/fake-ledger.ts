import type { BudgetLine } from '../../agent/budgets.ts'
import { FencedError } from '../../agent/errors.ts'
import type { FailedModel, Ledger, LedgerCall, OpenedCall, PaidAnswer } from '../../agent/ledger.ts'
import { hasUncountedAnswer } from '../../agent/models.ts'
import type { StepAttempt } from '../../agent/ports.ts'
import { type CallRow, type Rows, stepKey } from './fake-rows.ts'

interface Question extends Pick<LedgerCall, 'step' | 'call' | 'purpose'> {
  readonly attempt: StepAttempt
}

/** The ledger's rules (turns/ledger.ts, ledger-open.ts) on rows in memory. */
export function fakeLedger(rows: Rows): Ledger {
  const ofOrdinal = ({ attempt, step, call: ordinal }: Question) =>
    rows.calls.filter(
      ({ call }) =>
        call.attempt?.turnId === attempt.turnId && call.step === step && call.call === ordinal,
    )
  const ofQuestion = (question: Question) =>
    ofOrdinal(question).filter(({ call }) => call.purpose === question.purpose)
  const paid = (question: Question): PaidAnswer | undefined => {
    for (const { response, error, finishReason } of ofQuestion(question).toReversed()) {
      if (response === undefined || response === null || error !== null) continue
      return { kind: 'finished', text: response, finishReason: finishReason ?? 'unknown' }
    }
    return undefined
  }
  const claimed = (question: Question): PaidAnswer | undefined => {
    const step = rows.steps.get(stepKey(question.attempt, question.step))
    if (step?.token !== question.attempt.token || step.state !== 'pending') {
      throw new FencedError(question.step)
    }
    for (const row of ofOrdinal(question)) if (row.state === 'pending') row.state = 'unknown'
    return paid(question)
  }
  const find = ({ id }: Pick<LedgerCall, 'id'>) => {
    const row = rows.calls.find(({ call }) => call.id === id)
    if (!row) throw new Error(`No call '${id}' was opened.`)
    return row
  }
  return {
    async standing(question) {
      const { gen } = question.attempt
      const calls = ofQuestion(question).filter(({ call }) => call.attempt?.gen === gen)
      return { paid: paid(question), failed: failedOf(calls) }
    },
    async open(call) {
      const { attempt } = call
      const answered = attempt && claimed({ ...call, attempt })
      if (answered) return answered
      const exhausted = reserve(rows, call)
      if (exhausted) return exhausted
      rows.calls.push({ call, state: 'pending', error: null })
      return { kind: 'open' }
    },
    async complete(call, { text, finishReason, usage, cost }) {
      const row = find(call)
      Object.assign(row, { state: usage ? 'complete' : 'unknown', response: text, finishReason })
      if (usage) settle(rows, row, { tokens: usage.inputTokens + usage.outputTokens, money: cost })
    },
    async end(call, end) {
      const row = find(call)
      if (row.state === 'complete') return
      const { state, error, errorCode, estimatedOutputTokens } = end
      Object.assign(row, { state, error, errorCode, estimatedOutputTokens })
      if (end.wasRefused) settle(rows, row, { tokens: 0, money: 0 })
      else if (state === 'cut' && !hasUncountedAnswer(call.purpose)) {
        settle(rows, row, {
          tokens: call.inputTokens + estimatedOutputTokens,
          money: end.cost,
        })
      }
    },
  }
}

function failedOf(calls: readonly CallRow[]): FailedModel[] {
  const failed = new Map<string, FailedModel>()
  for (const { call, error, errorCode } of calls) {
    if (error === null) continue
    const { vendor, model } = call
    const key = `${vendor}/${model}`
    const { failures = 0, isRejected = false } = failed.get(key) ?? {}
    const rejects = errorCode != null && errorCode !== 'model_unavailable'
    failed.set(key, {
      ...{ vendor, model, failures: failures + 1 },
      isRejected: isRejected || rejects,
    })
  }
  return [...failed.values()]
}

const usageKey = ({ scope, scopeId, period, unit }: BudgetLine) =>
  `${scope} ${scopeId} ${period} ${unit}`

function reserve({ usage }: Rows, { budget }: LedgerCall): OpenedCall | undefined {
  const lines = budget?.lines ?? []
  for (const line of lines) {
    const used = usage.get(usageKey(line)) ?? 0
    if (used + line.amount > line.limit) return { kind: 'exhausted', budget: { ...line, used } }
  }
  for (const line of lines) {
    usage.set(usageKey(line), (usage.get(usageKey(line)) ?? 0) + line.amount)
  }
  return undefined
}

/** Once per call: nobody here ends one twice. */
function settle(
  { usage }: Rows,
  { call }: CallRow,
  used: { readonly tokens: number; readonly money: number | null },
): void {
  for (const line of call.budget?.lines ?? []) {
    const key = usageKey(line)
    usage.set(key, (usage.get(key) ?? 0) - line.amount + (used[line.unit] ?? line.amount))
  }
}
