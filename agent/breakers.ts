import type { ResolvedModel } from './models.ts'

/** What a circuit breaker guards: a vendor's model where it is reached. */
export type BreakerTarget = Pick<ResolvedModel, 'host' | 'model'> & {
  readonly vendor: { readonly name: string }
}

export type BreakerState = 'closed' | 'open' | 'half-open'

export type BreakerVerdict =
  | { readonly kind: 'closed' }
  /** This call is the one that finds out whether the vendor is back; no other process makes one. */
  | {
      readonly kind: 'probe'
      /** Tells this probe from the one that follows when it takes too long. */
      readonly token?: string
    }
  /** Milliseconds until the next probe may be made. */
  | { readonly kind: 'open'; readonly retryAfterMs: number }

/** What else is known about a call that is reported. */
export interface ReportedCall {
  /**
   * What `admit` said of it, unchanged: a call from before the opening neither ends a probe nor frees it,
   * and neither does a probe that was given up meanwhile.
   * @default the probe, if this process makes one
   */
  readonly verdict?: BreakerVerdict
  /** A ModelError's code, for the operator. */
  readonly errorCode?: string
}

/**
 * One circuit breaker per vendor, host and model, whose state all processes share. Only what the vendor
 * could not help counts as a failure: outages, timeouts; not a refused request, nor a rate limit,
 * which is the account's.
 */
export interface Breakers {
  /** Asks before a call. Never waits for another call. */
  admit(target: BreakerTarget): Promise<BreakerVerdict>
  /** After a call that was admitted; `neutral` when it was aborted or says nothing about the vendor. */
  report(
    target: BreakerTarget,
    outcome: 'success' | 'failure' | 'neutral',
    call?: ReportedCall,
  ): Promise<void>
}
