import { ModelError } from '../agent/errors.ts'
import type { FailedModel } from '../agent/ledger.ts'
import type { ResolvedModel } from '../agent/models.ts'

/** Failed calls of one model in a step after which it is not asked again, however much time is left. */
const MAX_FAILED_CALLS = 4

/** Milliseconds before the next attempt, by the number of failed calls so far. A vendor may wish for more. */
const BACKOFF_MS = [500, 1_500, 4_000]

interface Standing {
  failures: number
  isRejected: boolean
  /** When it may be asked again, from now on, in milliseconds. */
  waitMs: number
}

/** How the models of a chain stand in one step: what failed before, in this attempt and in earlier ones. */
export interface VendorFailures {
  mayBeAsked(target: ResolvedModel): boolean
  /** The vendor failed, or said no. */
  failed(target: ResolvedModel, error: ModelError): void
  /** It was not asked: its breaker is open, or its queue is full. */
  postponed(target: ResolvedModel, error: ModelError): void
  /** Why the whole chain gave no answer, and whether another attempt makes sense before the deadline. */
  verdict(chain: readonly ResolvedModel[], deadlineAt: number): ModelError
}

export function countFailures(earlier: readonly FailedModel[]): VendorFailures {
  const standings = new Map<string, Standing>()
  const errors: ModelError[] = []
  const keyOf = (vendor: string, model: string) => JSON.stringify([vendor, model])
  const standingOf = ({ vendor, model }: ResolvedModel): Standing => {
    const key = keyOf(vendor.name, model)
    const standing = standings.get(key) ?? { failures: 0, isRejected: false, waitMs: 0 }
    standings.set(key, standing)
    return standing
  }
  for (const { vendor, model, ...past } of earlier) {
    standings.set(keyOf(vendor, model), { ...past, waitMs: 0 })
  }
  const mayBeAsked = (target: ResolvedModel) => {
    const { failures, isRejected } = standingOf(target)
    return failures < MAX_FAILED_CALLS && !isRejected
  }
  return {
    mayBeAsked,
    failed(target, error) {
      const standing = standingOf(target)
      standing.failures += 1
      standing.isRejected ||= !error.retryable
      // A wish for 0, or for a time that has passed on another clock, would use up all tries at once.
      standing.waitMs = Math.max(error.retryAfterMs ?? 0, BACKOFF_MS[standing.failures - 1] ?? 0)
      errors.push(error)
    },
    postponed(target, error) {
      standingOf(target).waitMs = error.retryAfterMs ?? 0
      errors.push(error)
    },
    verdict(chain, deadlineAt) {
      const waits = chain.filter(mayBeAsked).map((target) => standingOf(target).waitMs)
      const retryAfterMs = waits.length === 0 ? undefined : Math.min(...waits)
      return chainError(errors, retryAfterMs, deadlineAt)
    },
  }
}

/** The error of the first vendor is the one to mend; the others are named behind it. */
function chainError(
  errors: readonly ModelError[],
  retryAfterMs: number | undefined,
  deadlineAt: number,
): ModelError {
  const [first, ...others] = errors
  const message = [first?.message ?? OUT_OF_TRIES, ...others.map((error) => error.message)]
  const isHopeless = retryAfterMs === undefined || Date.now() + retryAfterMs > deadlineAt
  return new ModelError([...new Set(message)].join(' Then: '), {
    code: codeOf(errors, isHopeless),
    status: first?.status,
    retryAfterMs,
    retryable: !isHopeless,
    cause: first,
  })
}

/** While there is hope it is an outage; what a vendor rejected counts once nothing else is left. */
const codeOf = (errors: readonly ModelError[], isHopeless: boolean) =>
  (isHopeless ? errors[0]?.code : errors.find(({ retryable }) => retryable)?.code) ??
  'model_unavailable'

const OUT_OF_TRIES =
  'Every configured model failed too often in this step. See the calls of the turn for the reasons.'
