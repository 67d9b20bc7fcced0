import type { Agent } from '../agent/agent.ts'
import { ModelError, UnavailableError } from '../agent/errors.ts'
import type { FinishReason, GenerateParams, ModelPurpose, ModelResult } from '../agent/models.ts'
import type { CallEnd, CallTimes, LedgerCall, Ports, StepAttempt } from '../agent/ports.ts'
import { wordsOf } from '../agent/words-of.ts'

/** Failed calls of one step after which the turn fails, however much time is left. */
const MAX_FAILED_CALLS = 4

/** Milliseconds before the next attempt, by the number of failed calls so far. A vendor's wish wins. */
const BACKOFF_MS = [500, 1_500, 4_000]

export interface ModelCall {
  readonly attempt: StepAttempt
  readonly step: string
  /** Ordinal within the step, from 1. */
  readonly call: number
  readonly agent: Agent
  readonly purpose: ModelPurpose
  readonly params: GenerateParams
  readonly signal: AbortSignal
  /** Milliseconds since the epoch: a wish to wait beyond it ends the step. */
  readonly deadlineAt: number
  readonly onText?: (delta: string) => void
}

export interface ModelAnswer {
  readonly text: string
  readonly finishReason: FinishReason
}

/**
 * One model call by the ledger's protocol: the row first, then the vendor, then the answer. A call
 * that an earlier attempt completed is returned unpaid.
 * @throws {ModelError} with `retryable` false once the step has failed often enough.
 */
export async function callModel(
  ports: Pick<Ports, 'models' | 'ledger'>,
  call: ModelCall,
): Promise<ModelAnswer> {
  const { vendor, model } = ports.models.resolve(call.purpose, call.agent.settings)
  const row: LedgerCall = {
    attempt: call.attempt,
    step: call.step,
    call: call.call,
    vendor: vendor.name,
    model,
    purpose: call.purpose,
    inputTokens: estimateInput(call.params),
  }
  const opened = await ports.ledger.open(row)
  if (opened.kind === 'finished') {
    call.onText?.(opened.text)
    return opened
  }
  const clock = createClock()
  const request = { ...call.params, model, purpose: call.purpose }
  const onText = (delta: string) => {
    clock.note(delta)
    call.onText?.(delta)
  }
  let result: ModelResult
  try {
    result = await vendor.generate(request, { signal: call.signal, onText })
  } catch (error) {
    await ports.ledger.end(row, endOf(error, call.signal, clock))
    throw judged(error, opened.failures + 1, call.deadlineAt)
  }
  await recorded(() => ports.ledger.complete(row, result, clock.times()))
  return answerOf(result)
}

/** A paid answer is worth more than one try: without its row the next attempt would buy it again. */
async function recorded(write: () => Promise<void>): Promise<void> {
  for (const pauseMs of [200, 1_000]) {
    try {
      return await write()
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
  }
  await write()
}

const answerOf = ({ text, finishReason }: ModelResult): ModelAnswer => ({ text, finishReason })

/** About four characters a token; the vendor's count replaces it. */
const estimateInput = ({ prompt, system = '' }: GenerateParams) =>
  Math.ceil((prompt.length + system.length) / 4)

function createClock() {
  const began = performance.now()
  let firstAt: number | undefined
  let text = ''
  return {
    note(delta: string) {
      firstAt ??= performance.now()
      text += delta
    },
    partial: () => text,
    times: (): CallTimes => ({
      firstTokenMs: firstAt === undefined ? null : Math.round(firstAt - began),
      latencyMs: Math.round(performance.now() - began),
    }),
  }
}

function endOf(
  error: unknown,
  signal: AbortSignal,
  clock: ReturnType<typeof createClock>,
): CallEnd {
  const ended = { partial: clock.partial(), ...clock.times() }
  if (signal.aborted) return { state: 'cut', error: null, ...ended }
  return {
    state: 'unknown',
    error: wordsOf(error),
    ...ended,
  }
}

/** Whether Temporal shall try again, and when. Other errors pass as they are. */
function judged(error: unknown, failures: number, deadlineAt: number): unknown {
  if (!(error instanceof ModelError) || !error.retryable) return error
  const retryAfterMs = error.retryAfterMs ?? BACKOFF_MS[failures - 1] ?? 0
  const isHopeless = failures >= MAX_FAILED_CALLS || Date.now() + retryAfterMs > deadlineAt
  const { code, status } = error
  return new ModelError(error.message, {
    code,
    status,
    retryAfterMs,
    retryable: !isHopeless,
    cause: error,
  })
}
