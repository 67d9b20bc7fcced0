export interface ShutdownRequest {
  /** Aborted by the first SIGINT or SIGTERM, or by `request`. */
  readonly signal: AbortSignal
  request(): void
  /** Resolves when it is aborted. */
  readonly requested: Promise<void>
  /** Stops listening for signals. */
  release(): void
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/** The first signal asks for an orderly end, a second one ends the process at once. */
export function listenForShutdown(): ShutdownRequest {
  const controller = new AbortController()
  const onSignal = (name: NodeJS.Signals) => {
    if (controller.signal.aborted) process.exit(name === 'SIGINT' ? 130 : 143)
    controller.abort()
  }
  for (const name of SIGNALS) process.on(name, onSignal)
  return {
    signal: controller.signal,
    request: () => controller.abort(),
    requested: new Promise((resolve) => {
      controller.signal.addEventListener('abort', () => resolve(), { once: true })
    }),
    release: () => {
      for (const name of SIGNALS) process.off(name, onSignal)
    },
  }
}
