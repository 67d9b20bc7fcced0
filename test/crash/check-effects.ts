import type { Effect, Evidence, Rows } from './evidence.ts'
import { grouped, type Violation, violation } from './violation.ts'

/** An action of effect `once` is called at most once, one of effect `idempotent` under one key. */
export function checkEffects({ effects, rows }: Evidence): Violation[] {
  const byTurn = grouped(effects, ({ kind, turnId }) => `${kind} of the turn ${turnId}`)
  return [
    ...effects
      .filter(({ kind, calls }) => kind === 'once' && calls > 1)
      .map(({ turnId, calls }) =>
        violation('effects', `the once action of the turn ${turnId} was called ${calls} times`),
      ),
    ...[...byTurn]
      .filter(([, group]) => group.length > 1)
      .map(([what, group]) =>
        violation('effects', `the action ${what} has ${group.length} effects, not one`),
      ),
    ...missing(effects, rows),
  ]
}

/** A result that says it went well, of an action that nobody saw. */
function missing(effects: readonly Effect[], { steps }: Rows): Violation[] {
  const actions = steps.filter(({ step }) => step.startsWith('runAction:'))
  return [...grouped(actions, ({ turnId }) => turnId)].flatMap(([turnId, group]) => {
    const succeeded = group.filter(({ success }) => success === true).length
    const seen = effects.filter((effect) => effect.turnId === turnId).length
    if (seen >= succeeded) return []
    return [violation('effects', `${succeeded} actions of ${turnId} succeeded, ${seen} were seen`)]
  })
}
