export interface ShutdownRequest {
  /** Aborted by the first SIGINT or SIGTERM, or by `request`. */
  readonly signal: AbortSignal
  request(): void
  /** Resolves when it is aborted. */
  readonly requested: Promise<void>
  /** Stops listening for signals. */
  release(): void
}

/** A person cannot press Ctrl-C twice within this. */
const ECHO_MS = 300

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** The first signal asks for an orderly end, a second one ends the process at once. */
export function listenForShutdown(): ShutdownRequest {
  const controller = new AbortController()
  let askedAt = Number.NEGATIVE_INFINITY
  const request = () => {
    askedAt = performance.now()
    controller.abort()
  }
  const onSignal = (name: NodeJS.Signals) => {
    if (!controller.signal.aborted) return request()
    // One Ctrl-C under npm arrives twice: from the terminal, and forwarded by npm.
    if (performance.now() - askedAt > ECHO_MS) process.exit(name === 'SIGINT' ? 130 : 143)
  }
  for (const name of SIGNALS) process.on(name, onSignal)
  return {
    signal: controller.signal,
    request,
    requested: new Promise((resolve) => {
      controller.signal.addEventListener('abort', () => resolve(), { once: true })
    }),
    release: () => {
      for (const name of SIGNALS) process.off(name, onSignal)
    },
  }
}
