/** Timers that can all be ended at once. */
export interface Waits {
  /** Resolves after `ms`, or at once when everything ends. */
  sleep(ms: number): Promise<void>
  end(): void
  readonly hasEnded: boolean
}

export function createWaits(): Waits {
  const pending = new Map<() => void, NodeJS.Timeout>()
  let hasEnded = false
  return {
    get hasEnded() {
      return hasEnded
    },
    sleep: (ms) =>
      new Promise((resolve) => {
        if (hasEnded) return resolve()
        const wake = () => {
          pending.delete(wake)
          resolve()
        }
        // Timers may be a moment early: the account would be asked before its time.
        pending.set(wake, setTimeout(wake, Math.ceil(ms) + 1))
      }),
    end() {
      hasEnded = true
      for (const [wake, timer] of pending) {
        clearTimeout(timer)
        wake()
      }
    },
  }
}
