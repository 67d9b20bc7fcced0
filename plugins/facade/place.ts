import { PluginError } from '../plugin-error.ts'
import { currentScope, type MemberScope, type TurnScope } from '../scope.ts'

/** Where a member of the façade was called from. */
export type Place =
  /** Init, a service, a route, a task, or a turn of another agent. */
  | { readonly kind: 'outside'; readonly scope?: MemberScope }
  | InTurn
  /** By what a member of a turn left behind when it returned. */
  | { readonly kind: 'late'; readonly scope: MemberScope; readonly turn: TurnScope }

export interface InTurn {
  readonly kind: 'turn'
  readonly scope: MemberScope
  readonly turn: TurnScope
}

/** @throws {PluginError} the turn was cancelled, its worker is presumed dead, or the member's time is up. */
export function placeOf(agentId: string): Place {
  const scope = currentScope()
  if (!scope || scope.agentId !== agentId) return { kind: 'outside' }
  const { turn } = scope
  if (!turn) return { kind: 'outside', scope }
  const { signal } = turn.context
  const isOver = scope.state === 'ended'
  if (signal.aborted && !(isOver && isPlainEnd(signal.reason))) throw cutOff(scope, turn)
  return { kind: isOver ? 'late' : 'turn', scope, turn }
}

/** `withinTime` aborts the signal of what has returned, and gives no reason. */
const isPlainEnd = (reason: unknown): boolean =>
  typeof reason === 'object' && reason !== null && 'name' in reason && reason.name === 'AbortError'

function cutOff({ plugin, member }: MemberScope, { context }: TurnScope): PluginError {
  return new PluginError(
    plugin,
    `The ${member} of '${plugin}' goes on after turn '${context.turn.turnId}' was cut off for it: it may not use the runtime any more. Let it listen to its signal, or finish sooner.`,
  )
}

export function refusedLate(
  { scope, turn }: Extract<Place, { kind: 'late' }>,
  what: string,
): PluginError {
  const { plugin, member } = scope
  return new PluginError(
    plugin,
    `The ${member} of '${plugin}' asks for '${what}' after it returned, in turn '${turn.context.turn.turnId}': refused. Await it before the member returns.`,
  )
}
