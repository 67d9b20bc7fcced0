import type { Agent } from '../agent/agent.ts'
import { ModelError } from '../agent/errors.ts'
import type { PaidAnswer } from '../agent/ledger.ts'
import type { Billed, FinishReason, ModelPurpose, ResolvedModel } from '../agent/models.ts'
import type { LoadedTurn, Ports, StepAttempt } from '../agent/ports.ts'
import { tryVendor } from './try-vendor.ts'
import { countFailures, type VendorFailures } from './vendor-failures.ts'

export type VendorPorts = Pick<Ports, 'models' | 'ledger' | 'breakers' | 'rates' | 'budgets'>

/** Where a call happens: budgets and fair queues count by it. Absent outside of any turn. */
export interface CallSubject {
  readonly roomId?: string
  readonly worldId?: string
  /** Who wrote the message. */
  readonly userId?: string
}

/** Of a call within a turn. */
export const placeOf = ({ room, message, forkOf, deadlineAt }: LoadedTurn) => ({
  subject: {
    roomId: room.id,
    worldId: room.worldId,
    // An operator runs a fork, not the person whose message it answers.
    userId: forkOf === undefined ? message.entityId : undefined,
  },
  deadlineAt,
})

export interface InvokeOptions {
  readonly signal: AbortSignal
  /** What the answer may have at most, under a budget also where nothing else says so. */
  readonly maxTokens: number | undefined
  /** Counts what has arrived. */
  readonly note: (delta: string) => void
}

/** Where and for whom something is asked, whatever it is. */
export interface CallPlace {
  /** Null outside of any turn. */
  readonly attempt: StepAttempt | null
  readonly step: string
  /** Ordinal of the question within the step, from 1. */
  readonly call: number
  readonly agent: Agent
  readonly subject: CallSubject
  readonly signal: AbortSignal
  /** Milliseconds since the epoch: a wish to wait beyond it ends the step. */
  readonly deadlineAt: number
}

/** One question to the models that an agent has for a purpose. */
export interface VendorCall<Result extends Billed> extends CallPlace {
  readonly purpose: ModelPurpose
  /** Everything the vendor will read next, for counting tokens: a continuation is longer. */
  input(): string
  /**
   * Tokens of what is not text in it: pictures, sound. Nobody is refused by such a guess.
   * @param isReserved under a budget: then the most that it may be. @default 0
   */
  inputExtra?(target: ResolvedModel, isReserved: boolean): number
  readonly maxTokens?: number
  /**
   * Tokens that a budget reserves for an answer that is no text, and that no cap limits.
   * @default `maxTokens`
   */
  readonly outputTokens?: number
  invoke(target: ResolvedModel, options: InvokeOptions): Promise<Result>
  /** What the ledger keeps: `text` for a resumed turn, null when it is not worth keeping. */
  record(result: Result): { readonly text: string | null; readonly finishReason: FinishReason }
  /** A result that an earlier attempt paid for. */
  restore(paid: PaidAnswer): Result
  /** After a failure: an answer that was whole all the same. */
  readonly whole?: () => Result | undefined
  /** After a failure: whether the same model shall be asked once more, when no other is left. */
  readonly again?: () => boolean
  /** In place of an error, when the chain is at its end. */
  readonly salvage?: () => Result | undefined
}

/**
 * Asks the models of a purpose in the order of the chain until one answers, each call by the ledger's
 * protocol: the row first, then the vendor, then the answer. An answer that an earlier attempt got is
 * returned unpaid. Never two vendors at the same time.
 *
 * @throws {ModelError} the whole chain failed; `retryable` when another attempt of the step makes sense.
 */
export async function callVendors<Result extends Billed>(
  ports: VendorPorts,
  call: VendorCall<Result>,
): Promise<Result> {
  const { attempt, step, purpose } = call
  const isResumed = attempt !== null && (attempt.attempt > 1 || attempt.gen > 1)
  const standing = isResumed
    ? await ports.ledger.standing({ attempt, step, call: call.call, purpose })
    : undefined
  if (standing?.paid) return call.restore(standing.paid)
  const failures = countFailures(standing?.failed ?? [])
  return askInTurn(ports, call, failures)
}

async function askInTurn<Result extends Billed>(
  ports: VendorPorts,
  call: VendorCall<Result>,
  failures: VendorFailures,
): Promise<Result> {
  let chain = await ports.models.chain(call.purpose, call.agent)
  let queue = chain.filter(failures.mayBeAsked)
  let isSmaller = false
  for (let ordinal = 1; ; ordinal += 1) {
    const target = queue.shift()
    if (!target) break
    const outcome = await tryVendor(ports, call, target, ordinal)
    if (outcome.kind === 'answered') return outcome.result
    if (outcome.kind === 'paid') return call.restore(outcome.answer)
    if (outcome.kind === 'exhausted') {
      chain = outcome.maySmaller && !isSmaller ? await smaller(ports, call, target) : []
      queue = chain.filter(failures.mayBeAsked)
      isSmaller = true
      if (queue.length > 0) continue
      const salvaged = call.salvage?.()
      if (salvaged) return salvaged
      throw outcome.error
    }
    failures[outcome.kind](target, outcome.error)
    if (outcome.kind === 'postponed') continue
    const whole = call.whole?.()
    if (whole) return whole
    if (queue.length === 0 && failures.mayBeAsked(target) && call.again?.()) queue.push(target)
  }
  const salvaged = call.salvage?.()
  if (salvaged) return salvaged
  throw failures.verdict(chain, call.deadlineAt)
}

/** What a budget's `smaller` asks instead. Only text has a smaller model. */
async function smaller(
  { models }: VendorPorts,
  { agent, purpose }: Pick<VendorCall<Billed>, 'agent' | 'purpose'>,
  { vendor, model }: ResolvedModel,
): Promise<readonly ResolvedModel[]> {
  if (!purpose.endsWith('_LARGE')) return []
  const chain = await models.chain('TEXT_SMALL', agent)
  return chain.filter((other) => other.vendor.name !== vendor.name || other.model !== model)
}

/** A vendor without the method. The router leaves such vendors out, plugins may surprise it. */
export const notOffered = ({ vendor }: ResolvedModel, purpose: ModelPurpose): ModelError =>
  new ModelError(
    `'${vendor.name}' offers no ${purpose}. Choose a vendor that does; docs/vendors.md lists them.`,
    { code: 'model_not_configured', retryable: false },
  )

/** `record` and `restore` of an answer that is too large for the ledger: a repeated step asks again. */
export const NOT_KEPT = {
  record: () => ({ text: null, finishReason: 'stop' as const }),
  restore: (): never => {
    throw new Error('A ledger row without a text was taken for a paid answer.')
  },
}
