/** Reads what other processes wrote, while somebody wants to know. */
export interface Refresher {
  /** Somebody works with what was read: it is read again, `everyMs` from the first such call on. */
  touch(): void
  /** Reads now, or waits for the reading that is under way. Never rejects. */
  run(): Promise<void>
  /** Reads now, unless that was begun within the last quarter of a second. */
  soon(): void
  /** Ends the timer, and waits for a reading that is under way. */
  close(): Promise<void>
}

export interface RefresherOptions {
  readonly everyMs: number
  read(): Promise<void>
  onError(error: unknown): void
}

const SOON_MS = 250

/**
 * The reading comes after the call that wants it, not with it: an ordinary turn waits for no statement
 * of ours, and an idle process makes none.
 */
export function createRefresher({ everyMs, read, onError }: RefresherOptions): Refresher {
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> | undefined
  let begunAt = -Infinity
  let isClosed = false
  const run = (): Promise<void> => {
    if (isClosed) return Promise.resolve()
    if (running) return running
    begunAt = performance.now()
    running = read()
      .catch(onError)
      .finally(() => {
        running = undefined
      })
    return running
  }
  const later = () => {
    timer = undefined
    void run()
  }
  return {
    run,
    touch() {
      if (!isClosed) timer ??= setTimeout(later, everyMs).unref()
    },
    soon() {
      if (performance.now() - begunAt > SOON_MS) void run()
    },
    async close() {
      isClosed = true
      clearTimeout(timer)
      await running
    },
  }
}
