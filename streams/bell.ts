/** Wakes one waiter. A ring while nobody waits is remembered, so none is lost. */
export interface Bell {
  ring(): void
  /** Resolves at the next ring, or at once when it rang since the last wait. */
  rung(): Promise<void>
}

export function createBell(): Bell {
  let next = Promise.withResolvers<void>()
  return {
    ring: () => next.resolve(),
    async rung() {
      await next.promise
      next = Promise.withResolvers<void>()
    },
  }
}
