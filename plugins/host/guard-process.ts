import { currentScope, type MemberScope } from '../scope.ts'

export interface Stray {
  readonly kind: 'rejection' | 'exception'
  /** Whose it is; undefined when it is no plugin's. */
  readonly scope: MemberScope | undefined
  readonly error: unknown
}

/** Of all houses of this process: they share its two listeners, and so do not take each other for others. */
const hearers = new Set<(stray: Stray) => void>()

/**
 * Promises that nobody awaits and errors that nobody catches, from code of plugins, no longer end the
 * process: the scope that they carry names plugin and turn. All others are told of, and then end it as they
 * would have without this guard.
 *
 * @returns what takes the guard away
 */
export function guardProcess(onStray: (stray: Stray) => void): () => void {
  const hearer = (stray: Stray) => onStray(stray) // the same function may be given twice
  if (hearers.size === 0) listen()
  hearers.add(hearer)
  return () => {
    if (hearers.delete(hearer) && hearers.size === 0) stopListening()
  }
}

function listen(): void {
  process.on('unhandledRejection', onRejection)
  process.on('uncaughtException', onException)
}

function stopListening(): void {
  process.off('unhandledRejection', onRejection)
  process.off('uncaughtException', onException)
}

const onRejection = (error: unknown) => hear({ kind: 'rejection', scope: currentScope(), error })
const onException = (error: unknown) => hear({ kind: 'exception', scope: currentScope(), error })

function hear(stray: Stray): void {
  for (const tell of hearers) {
    try {
      tell(stray)
    } catch {
      // Whoever tells must not become the reason for the end.
    }
  }
  if (stray.scope) return
  // Others who listen keep doing what they do; without them, Node does what it always does.
  const event = stray.kind === 'rejection' ? 'unhandledRejection' : 'uncaughtException'
  if (process.listenerCount(event) > 1) return
  stopListening()
  setImmediate(() => {
    throw stray.error
  })
}
