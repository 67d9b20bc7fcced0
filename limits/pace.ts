import type { VendorLimits } from '../agent/models.ts'

/** How fast something may be used: `burst` at once, and one more every `everyMs`. */
export interface Pace {
  readonly burst: number
  readonly everyMs: number
}

/** A tenth of the requests may come at once: the few calls of a turn after a pause. */
const REQUEST_BURST = 0.1

/** A fifth of the tokens, because one call takes many. */
const TOKEN_BURST = 0.2

const NO_LIMIT: Pace = { burst: 1, everyMs: 0 }

const MINUTE_MS = 60_000

/**
 * The pace that lets through at most `perMinute` in any minute, wherever it begins: what comes at once
 * is not given a second time before the minute is over. @param perMinute undefined or 0: no limit
 */
export function paceOf(perMinute: number | undefined, burstShare: number): Pace {
  if (!perMinute || perMinute < 0) return NO_LIMIT
  const burst = Math.max(1, Math.floor(perMinute * burstShare))
  return { burst, everyMs: MINUTE_MS / (perMinute - burst + 1) }
}

/** In whole microseconds, as the database counts: rounded down, one too many would fit into a minute. */
export function requestPace({ requestsPerMinute }: VendorLimits): Pace {
  const { burst, everyMs } = paceOf(requestsPerMinute, REQUEST_BURST)
  return { burst, everyMs: Math.ceil(everyMs * 1_000) / 1_000 }
}

export const tokenPace = ({ tokensPerMinute }: VendorLimits): Pace =>
  paceOf(tokensPerMinute, TOKEN_BURST)

/** What a call counts for: one that is larger than a minute's limit takes all of it. */
export const countedTokens = (tokens: number, { tokensPerMinute }: VendorLimits): number =>
  tokensPerMinute ? Math.min(Math.max(tokens, 0), tokensPerMinute) : 0

/** Whether processes have to agree on anything. */
export const hasSharedLimit = ({ requestsPerMinute, tokensPerMinute }: VendorLimits): boolean =>
  Boolean(requestsPerMinute || tokensPerMinute)
