import type { BudgetCharge, ExhaustedBudget } from './budgets.ts'
import type { FinishReason, ModelPurpose, ModelUsage } from './models.ts'
import type { StepAttempt } from './ports.ts'

/** One call to a vendor, within a claimed step. */
export interface LedgerCall {
  /** Of the row: chosen by the caller. */
  readonly id: string
  /** Null for a call outside of any turn, such as speech that the API asks for: nothing fences it. */
  readonly attempt: StepAttempt | null
  readonly agentId: string
  readonly step: string
  /** Ordinal of the question within the step, from 1. */
  readonly call: number
  /** Ordinal of the vendor call for that question within the attempt, from 1: fallbacks, continuations. */
  readonly try: number
  readonly vendor: string
  readonly model: string
  readonly purpose: ModelPurpose
  /** Counted before the call; an estimate until the vendor says. */
  readonly inputTokens: number
  /** What the call may cost at most. Reserved with the row, or the row is not written. */
  readonly budget?: BudgetCharge
}

/** An answer that was paid for. */
export interface PaidAnswer {
  readonly kind: 'finished'
  readonly text: string
  readonly finishReason: FinishReason
}

/** How often a vendor's model failed at this question, in this generation. */
export interface FailedModel {
  readonly vendor: string
  readonly model: string
  readonly failures: number
  /** It said no to the request itself, and would again. */
  readonly isRejected: boolean
}

export type OpenedCall =
  /** The row stands: the vendor may be called. */
  | { readonly kind: 'open' }
  /** An earlier attempt was answered: use that, it is paid. No row was written. */
  | PaidAnswer
  /** No row was written: the call might cost more than is left. */
  | { readonly kind: 'exhausted'; readonly budget: ExhaustedBudget }

export interface CallTimes {
  /** Milliseconds from the request to the first and to the last piece of text. */
  readonly firstTokenMs: number | null
  readonly latencyMs: number
}

/** What an answer was, and what it cost. */
export interface CallAnswer extends CallTimes {
  /** What a later attempt gets instead of paying again; null when it is not worth keeping. */
  readonly text: string | null
  readonly finishReason: FinishReason
  /** Absent when the vendor sent none: the row is then `unknown`. */
  readonly usage?: ModelUsage
  /** Counted by us: what stands when there is no `usage`. */
  readonly estimatedOutputTokens: number
  /** US dollars; null when the price is unknown. */
  readonly cost: number | null
}

export interface CallEnd extends CallTimes {
  /** `cut`: aborted by us; `unknown`: failed, the vendor may have billed it. */
  readonly state: 'cut' | 'unknown'
  /** Of the text that had arrived. */
  readonly estimatedOutputTokens: number
  /** US dollars for what may have been billed; null when the price is unknown. */
  readonly cost: number | null
  readonly error: string | null
  /** The vendor answered with an error status: it did no work, and budgets get everything back. */
  readonly wasRefused: boolean
  /** A ModelError's code, for the next attempt. */
  readonly errorCode: string | null
}

export interface Ledger {
  /**
   * What earlier attempts and generations left: a paid answer to the question, failed models. The same
   * question has the same ordinal in its step, and the same purpose.
   */
  standing(call: {
    readonly attempt: StepAttempt
    readonly step: string
    readonly call: number
    readonly purpose: ModelPurpose
  }): Promise<{
    readonly paid: PaidAnswer | undefined
    readonly failed: readonly FailedModel[]
  }>
  /** @throws {FencedError} the step's claim is no longer this attempt's. */
  open(call: LedgerCall): Promise<OpenedCall>
  /** Not fenced: an answer that came too late was billed all the same. */
  complete(call: LedgerCall, answer: CallAnswer): Promise<void>
  end(call: LedgerCall, end: CallEnd): Promise<void>
}
