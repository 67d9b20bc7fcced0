import type { TurnContext } from '../../agent/context.ts'
import type { State } from '../../agent/provider.ts'
import type { ElizaAction } from '../contract.ts'
import type { AdaptPorts } from './adapt-ports.ts'
import { elizaMemory, elizaState } from './eliza-shapes.ts'
import { turnScopeOf } from './turn-scope.ts'

interface Asked {
  readonly plugin: string
  /** `action GREET`. */
  readonly of: string
  readonly context: TurnContext
  readonly state: State
}

/**
 * ElizaOS's `validate`: absent means yes; one that throws or is late means no, and is counted.
 * @throws the reason of the context's signal
 */
export async function askValidate(
  { isolation, agentId, runtime }: AdaptPorts,
  validate: ElizaAction['validate'],
  { plugin, of, context, state }: Asked,
): Promise<boolean> {
  if (typeof validate !== 'function') return true
  try {
    const answer = await isolation.run(
      {
        ...{ plugin, kind: 'validate', name: `of ${of}`, signal: context.signal },
        scope: (signal, member) =>
          turnScopeOf({ agentId, plugin, member, context: { ...context, signal } }),
      },
      () => validate(runtime(), elizaMemory(context.message), elizaState(state)),
    )
    return Boolean(answer)
  } catch {
    context.signal.throwIfAborted()
    return false // counted and logged by the isolation
  }
}
