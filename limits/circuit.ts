import { CircuitState, ConsecutiveBreaker, type IBreaker, SamplingBreaker } from 'cockatiel'
import type { Backoff, BreakerKey, OpenBreakerRow } from './breaker-rows.ts'

/** When calls count as an outage. */
export interface TripRule {
  /** So many failures without a success between them. */
  readonly failuresInARow: number
  /** Or more than this part of the calls of a window, if there were enough of them. */
  readonly failedShare: number
  readonly windowMs: number
  readonly leastCalls: number
}

/** A breaker as one process sees it. Times are milliseconds of the process's own clock. */
export interface Circuit {
  readonly key: BreakerKey
  readonly isOpen: boolean
  /** Of the probe that this process makes. */
  readonly probeToken: string | undefined
  /** This process asks just now whether it may make the probe. */
  isClaiming: boolean
  /** Whether its opening stands in the database: if not, only this process knows of it. */
  isShared: boolean
  /** Statements about it that are under way, and the number of its last change: see `SharedCircuits`. */
  writes: number
  revision: number
  /** Milliseconds until a probe may be made, and until the one that is made is given up. */
  left(): { readonly openMs: number; readonly probeMs: number }
  success(): void
  /** Whether that was one failure too many. */
  failure(): boolean
  open(backoff: Backoff): void
  close(): void
  beginProbe(token: string, leaseMs: number): void
  freeProbe(): void
  /** As the database has it. */
  adopt(row: OpenBreakerRow): void
}

export function createCircuit(key: BreakerKey, rule: TripRule, now: () => number): Circuit {
  const outage = createOutageRule(rule)
  let openings = 0
  let openUntil = 0
  let probeUntil = 0
  let probeToken: string | undefined
  const freeProbe = () => {
    probeToken = undefined
    probeUntil = 0
  }
  return {
    key,
    isClaiming: false,
    isShared: false,
    writes: 0,
    revision: 0,
    get isOpen() {
      return openings > 0
    },
    get probeToken() {
      return probeToken
    },
    left: () => ({
      openMs: Math.max(openUntil - now(), 0),
      probeMs: Math.max(probeUntil - now(), 0),
    }),
    success: () => outage.success(CircuitState.Closed),
    failure: () => outage.failure(CircuitState.Closed),
    open(backoff) {
      openings += 1
      openUntil = now() + (backoff[Math.min(openings, backoff.length) - 1] ?? 0)
      freeProbe()
    },
    close() {
      openings = 0
      outage.success(CircuitState.HalfOpen)
      freeProbe()
    },
    beginProbe(token, leaseMs) {
      probeToken = token
      probeUntil = now() + leaseMs
    },
    freeProbe,
    adopt(row) {
      this.isShared = true
      openings = row.openings
      openUntil = now() + row.openMs
      probeUntil = now() + row.probeMs
    },
  }
}

/**
 * Two rules of cockatiel's, of which one is enough: failures in a row tell of a dead vendor after a few
 * calls, their share tells of an ill one that still answers now and then.
 */
function createOutageRule(rule: TripRule): Pick<IBreaker, 'success' | 'failure'> {
  const minimumRps = rule.leastCalls / (rule.windowMs / 1_000)
  const rules: readonly IBreaker[] = [
    new ConsecutiveBreaker(rule.failuresInARow),
    new SamplingBreaker({ threshold: rule.failedShare, duration: rule.windowMs, minimumRps }),
  ]
  return {
    success: (state) => {
      for (const one of rules) one.success(state)
    },
    // Each of them must hear of it, also when the first has had enough.
    failure: (state) => rules.map((one) => one.failure(state)).includes(true),
  }
}
