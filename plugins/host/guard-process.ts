import { currentScope, type MemberScope } from '../scope.ts'

export interface Stray {
  readonly kind: 'rejection' | 'exception'
  /** Whose it is; undefined when it is no plugin's. */
  readonly scope: MemberScope | undefined
  readonly error: unknown
}

/**
 * Promises that nobody awaits and errors that nobody catches, from code of plugins, no longer end the
 * process: the scope that they carry names plugin and turn. All others are told of, and then end it as they
 * would have without this guard.
 *
 * @returns what takes the guard away
 */
export function guardProcess(onStray: (stray: Stray) => void): () => void {
  const onRejection = (error: unknown) => hear({ kind: 'rejection', scope: currentScope(), error })
  const onException = (error: unknown) => hear({ kind: 'exception', scope: currentScope(), error })
  const remove = () => {
    process.off('unhandledRejection', onRejection)
    process.off('uncaughtException', onException)
  }
  const hear = (stray: Stray) => {
    try {
      onStray(stray)
    } catch {
      // Whoever tells must not become the reason for the end.
    }
    if (stray.scope) return
    // Others who listen keep doing what they do; without them, Node does what it always does.
    const isHeard = stray.kind === 'rejection' ? 'unhandledRejection' : 'uncaughtException'
    if (process.listenerCount(isHeard) > 1) return
    remove()
    setImmediate(() => {
      throw stray.error
    })
  }
  process.on('unhandledRejection', onRejection)
  process.on('uncaughtException', onException)
  return remove
}
