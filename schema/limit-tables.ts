import type { Generated } from 'kysely'

/** Circuit breakers that are, or recently were, open. No row: closed. All times by the database's clock. */
export interface ModelBreakersTable {
  vendor: string
  host: string
  model: string
  state: 'open' | 'closed'
  /** Of `state`. */
  since: Date
  /** Openings in a row: decides how long the next one lasts. */
  openings: number
  /** When a probe may be made. */
  open_until: Date | null
  /** Until when one process may make it, and by which token. */
  probe_until: Date | null
  probe_token: string | null
  /** Of the last failure. */
  error_code: string | null
  updated_at: Date
}

/**
 * What an account has used of its limits, over all processes. `…_free_at`: when all that was taken will
 * have been given back (the theoretical arrival time of the generic cell rate algorithm).
 */
export interface ModelRatesTable {
  vendor: string
  host: string
  account: string
  requests_free_at: Generated<Date>
  tokens_free_at: Generated<Date>
  /** When the call that was let through last may begin. */
  granted_at: Generated<Date>
  /** Whether the last one that asked was let through. */
  is_granted: Generated<boolean>
  /** The vendor asked everybody to wait. */
  paused_until: Date | null
  /** For operators: the limits, and what was used in the minute that begins at `minute`. */
  requests_per_minute: number | null
  tokens_per_minute: number | null
  minute: Date | null
  minute_requests: Generated<number>
  minute_tokens: Generated<number>
  updated_at: Generated<Date>
}

/** The ledger, added up: for metrics, which must not read it from its beginning. */
export interface ModelCallTotalsTable {
  vendor: string
  model: string
  state: 'complete' | 'cut' | 'unknown'
  /** Of the latency, from 0: see `LATENCY_BUCKETS_MS`. -1: it is not known. */
  bucket: number
  calls: string
  input_tokens: string
  output_tokens: string
  cached_tokens: string
  /** US dollars, of the calls whose price is known. */
  cost: string
  unpriced_calls: string
  latency_ms: string
}

/** One row: up to when calls have been added up, and from when on the last time. */
export interface ModelCallTotalsMarkTable {
  one: Generated<boolean>
  counted_from: Date
  counted_to: Date
}
