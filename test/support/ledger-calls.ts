import type { CallAnswer, CallEnd, LedgerCall } from '../../agent/ledger.ts'
import { createUniqueUuid } from '../../schema/ids.ts'
import type { TurnRef } from '../../schema/turn.ts'
import { attemptOf, RUN_ID } from './turn-fixtures.ts'

export interface CallOptions
  extends Partial<Pick<LedgerCall, 'call' | 'try' | 'vendor' | 'model' | 'budget'>> {
  readonly attempt?: number
  readonly runId?: string
}

/** A call of a turn's `decide`. The same row whenever the same one is asked for. */
export function callOf(
  turn: TurnRef & { readonly agentId: string },
  { attempt = 1, runId = RUN_ID, ...given }: CallOptions = {},
): LedgerCall {
  const { call = 1, try: ordinal = 1 } = given
  return {
    id: createUniqueUuid(turn.turnId, [turn.gen, attempt, call, ordinal].join('.')),
    attempt: attemptOf(turn, attempt, runId),
    agentId: turn.agentId,
    step: 'decide',
    call,
    try: ordinal,
    vendor: 'openai',
    model: 'stub',
    purpose: 'TEXT_LARGE',
    inputTokens: 80,
    ...given,
  }
}

/** 100 tokens in, 7 out, for 25 cents. */
export const ANSWER: CallAnswer = {
  ...{ text: 'Good morning.', finishReason: 'stop', cost: 0.25, estimatedOutputTokens: 4 },
  usage: { inputTokens: 100, outputTokens: 7, cachedTokens: 40, cacheWriteTokens: 5 },
  ...{ firstTokenMs: 12, latencyMs: 345 },
}

const TIMES = { firstTokenMs: 12, latencyMs: 345 }

/** Aborted by us after 2 tokens. */
export const CUT: CallEnd = {
  ...{ state: 'cut', estimatedOutputTokens: 2, cost: 0.01, ...TIMES },
  ...{ error: null, errorCode: null, wasRefused: false },
}

/** The vendor fell silent. */
export const FAILED: CallEnd = {
  ...{ state: 'unknown', estimatedOutputTokens: 0, cost: 0, ...TIMES },
  ...{ error: 'It is silent.', errorCode: 'model_unavailable', wasRefused: false },
}

/** The vendor answered with an error status. */
export const REFUSED: CallEnd = {
  ...FAILED,
  ...{ error: 'It said no.', errorCode: 'model_rejected', wasRefused: true },
}
