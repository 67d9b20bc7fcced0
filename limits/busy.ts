import { ModelError } from '../agent/errors.ts'
import type { RateKey } from './rate-rows.ts'

/** Whoever is refused comes back up to half as much later, so that not all do at once. */
const SPREAD = 0.5

/** The step is better off waiting in Temporal: nothing failed, and nobody was called. */
export function busy({ vendor, host }: RateKey, why: string, waitMs: number): ModelError {
  const retryAfterMs = Math.ceil(waitMs * (1 + SPREAD * Math.random()))
  const where = host ? `'${vendor}' at '${host}'` : `'${vendor}'`
  return new ModelError(
    `${where} was not asked: ${why}. The step tries again in ${Math.ceil(retryAfterMs / 1_000)} s; 'turnkeeper models' shows what is used.`,
    { code: 'model_unavailable', retryable: true, retryAfterMs },
  )
}
