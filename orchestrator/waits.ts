import { setTimeout as delay } from 'node:timers/promises'

/** Whoever waits for the end of a turn in this process. */
export interface Waits {
  /** Aborted when nobody shall wait any more. */
  readonly signal: AbortSignal
  track(work: Promise<void>): void
  /** Gives those whose turns have ended a moment to hear of it, then ends the waiting of the others. */
  end(): Promise<void>
}

/** A layer that writes a line after its turn needs less. */
const MOMENT_MS = 1_000

export function createWaits(): Waits {
  const controller = new AbortController()
  const pending = new Set<Promise<void>>()
  const allEnded = async () => void (await Promise.allSettled(pending))
  return {
    signal: controller.signal,
    track(work) {
      const tracked = work.finally(() => pending.delete(tracked))
      pending.add(tracked)
    },
    async end() {
      await Promise.race([allEnded(), delay(MOMENT_MS)])
      controller.abort()
      await Promise.race([allEnded(), delay(MOMENT_MS)])
    },
  }
}
