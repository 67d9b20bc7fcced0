/** Work that nobody waits for, until the process ends. */
export interface Background {
  readonly stopped: AbortSignal
  add(work: Promise<unknown>, onError: (error: unknown) => void): void
  /** After a while, unless the process ends before; failures are dropped. */
  after(delayMs: number, work: () => Promise<void>): void
  stop(): Promise<void>
}

export function createBackground(): Background {
  const running = new Set<Promise<void>>()
  const timers = new Set<NodeJS.Timeout>()
  const controller = new AbortController()
  const add = (work: Promise<unknown>, onError: (error: unknown) => void) => {
    const job = work.then(() => undefined, onError).finally(() => running.delete(job))
    running.add(job)
  }
  return {
    stopped: controller.signal,
    add,
    after(delayMs, work) {
      const timer = setTimeout(() => {
        timers.delete(timer)
        add(work(), () => undefined)
      }, delayMs)
      timers.add(timer)
    },
    async stop() {
      controller.abort()
      for (const timer of timers) clearTimeout(timer)
      await Promise.all(running)
    },
  }
}
