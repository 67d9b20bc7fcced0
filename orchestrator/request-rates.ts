import { RateLimitedError } from '../agent/errors.ts'
import type { Around, Arrival } from '../bin/api/around.ts'

const MINUTE_MS = 60_000

/**
 * So many messages per agent in any 60 seconds, counted in this process. One too many is refused before
 * anything of it is stored, and says when to come back; a repeat that was known already does not count.
 *
 * @param now milliseconds of a clock that never goes back
 */
export function createRequestRates(
  perMinute: number,
  now: () => number = () => performance.now(),
): Around {
  const taken = new Map<string, number[]>()
  const recent = (agentId: string) => {
    const since = now() - MINUTE_MS
    const left = (taken.get(agentId) ?? []).filter((at) => at > since)
    taken.set(agentId, left)
    return left
  }
  return async ({ hearers }, accept) => {
    const counts = hearers.map(({ agentId }) => ({ agentId, times: recent(agentId) }))
    const full = counts.find(({ times }) => times.length >= perMinute)
    if (full) throw tooMany(full, perMinute, now())
    const at = now()
    for (const { times } of counts) times.push(at)
    const giveBack = () => {
      for (const { agentId } of counts) removeOne(taken.get(agentId) ?? [], at)
    }
    try {
      const accepted = await accept()
      if (accepted.isRepeat) giveBack()
      return accepted
    } catch (error) {
      giveBack()
      throw error
    }
  }
}

function removeOne(times: number[], at: number): void {
  const index = times.indexOf(at)
  if (index !== -1) times.splice(index, 1)
}

function tooMany(
  { agentId, times }: { readonly agentId: string; readonly times: readonly number[] },
  perMinute: number,
  now: number,
): RateLimitedError {
  const freeInMs = (times[times.length - perMinute] ?? now) + MINUTE_MS - now
  return new RateLimitedError(
    `The agent '${agentId}' takes ${perMinute} messages a minute, and has had as many. ` +
      `Send it again in ${Math.ceil(freeInMs / 1_000)} s.`,
    freeInMs,
  )
}

/** One behind the other, the first one outermost. */
export const inOrder = (...all: readonly Around[]): Around =>
  all.reduceRight<Around>(
    (inner, outer) => (arrival: Arrival, accept) => outer(arrival, () => inner(arrival, accept)),
    (_arrival, accept) => accept(),
  )
