import type { Breakers } from '../../agent/breakers.ts'
import type { RateLimits } from '../../agent/rates.ts'

/** Lets everything through. */
export const openLimits: { readonly breakers: Breakers; readonly rates: RateLimits } = {
  breakers: { admit: async () => ({ kind: 'closed' }), report: async () => undefined },
  rates: { enter: async () => () => undefined, pause: () => undefined },
}
