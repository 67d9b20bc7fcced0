import type { BreakerVerdict } from '../agent/breakers.ts'
import { ModelError } from '../agent/errors.ts'
import type { Billed, ResolvedModel } from '../agent/models.ts'
import type { Leave } from '../agent/rates.ts'
import type { CallPlan } from './call-plan.ts'
import type { VendorCall, VendorPorts } from './call-vendor.ts'

/** Milliseconds in a queue after which the vendor may have gone down meanwhile. */
const LONG_WAIT_MS = 1_000

export type Entry =
  | { readonly kind: 'entered'; readonly leave: Leave; readonly verdict: BreakerVerdict }
  | { readonly kind: 'postponed'; readonly error: ModelError }

/** Past the circuit breaker and through the queue of the rate limit. What leaves no process needs neither. */
export async function enterVendor<Result extends Billed>(
  { breakers, rates }: VendorPorts,
  { agent, subject, signal }: VendorCall<Result>,
  target: ResolvedModel,
  { inputTokens, maxTokens = 0 }: CallPlan,
): Promise<Entry> {
  if (target.host === '')
    return { kind: 'entered', leave: () => undefined, verdict: { kind: 'closed' } }
  const verdict = await breakers.admit(target)
  if (verdict.kind === 'open')
    return { kind: 'postponed', error: isOpen(target, verdict.retryAfterMs) }
  const began = performance.now()
  const tokens = inputTokens + maxTokens
  const roomId = subject.roomId ?? ''
  try {
    const leave = await rates.enter({ target, agentId: agent.id, roomId, tokens, signal })
    if (verdict.kind === 'probe' || performance.now() - began < LONG_WAIT_MS) {
      return { kind: 'entered', leave, verdict }
    }
    const again = await breakers.admit(target)
    if (again.kind !== 'open') return { kind: 'entered', leave, verdict: again }
    leave(0)
    return { kind: 'postponed', error: isOpen(target, again.retryAfterMs) }
  } catch (error) {
    await breakers.report(target, 'neutral', { verdict }) // a probe that waits in a queue finds nothing out
    if (signal.aborted || !(error instanceof ModelError)) throw error
    return { kind: 'postponed', error }
  }
}

const isOpen = ({ vendor, model, host }: ResolvedModel, retryAfterMs: number): ModelError =>
  new ModelError(
    `'${model}' of ${vendor.name} at '${host}' failed too often just now, and is asked again in ` +
      `${Math.ceil(retryAfterMs / 1000)} s. GET /api/models shows the circuit breakers.`,
    { code: 'model_unavailable', retryable: true, retryAfterMs },
  )
