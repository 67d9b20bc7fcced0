import { composeState } from '../../agent/compose-state.ts'
import type { TurnContext, WorkContext } from '../../agent/context.ts'
import type { Evaluator } from '../../agent/evaluator.ts'
import type { State } from '../../agent/provider.ts'
import type { ElizaEvaluator, ElizaMemory } from '../contract.ts'
import type { MemberScope } from '../scope.ts'
import { textOf, textsIn } from './action-words.ts'
import type { AdaptPorts } from './adapt-ports.ts'
import { bufferedCallback } from './callback.ts'
import { elizaMemory, elizaState } from './eliza-shapes.ts'
import { memberOf } from './isolate.ts'
import { attemptOf, turnScopeOf } from './turn-scope.ts'
import { askValidate } from './validate.ts'

/** What ElizaOS composes for evaluators. */
const PROVIDERS = ['RECENT_MESSAGES', 'EVALUATORS']

/** A foreign evaluator as one of ours. While it is left alone after failures, it does not validate. */
export function adaptEvaluator(ports: AdaptPorts, own: ElizaEvaluator, plugin: string): Evaluator {
  const { name, alwaysRun } = own
  return {
    ...{ name, isForeign: true },
    description: textOf(own.description),
    similes: textsIn(own.similes),
    ...(alwaysRun === true && { alwaysRun }),
    async validate(context) {
      if (ports.isolation.isPaused({ plugin, kind: 'evaluator', name })) return false
      const of = memberOf({ kind: 'evaluator', name })
      const state = await stateFor(context)
      return askValidate(ports, own.validate, { plugin, of, context, state })
    },
    handler: (context) => handled(ports, own, { plugin, context }),
  }
}

async function handled(
  { isolation, agentId, runtime, limits, log }: AdaptPorts,
  own: ElizaEvaluator,
  { plugin, context }: { plugin: string; context: WorkContext },
): Promise<void> {
  const { name } = own
  const member = memberOf({ kind: 'evaluator', name })
  let scope: MemberScope | undefined
  const callback = bufferedCallback({
    ...{ context, plugin, member, limit: limits.callbacks, log },
    scope: () => scope,
    onRefused: (error) => isolation.health.note({ plugin, member }, error),
  })
  const state = await stateFor(context)
  const responses = await saidIn(context)
  await isolation.run(
    {
      ...{ plugin, kind: 'evaluator', name, signal: context.signal },
      scope(signal) {
        scope = turnScopeOf({ agentId, plugin, member, context: { ...context, signal }, callback })
        return scope
      },
    },
    (signal) => {
      const message = elizaMemory(context.message)
      const options = { abortSignal: signal, signal }
      return own.handler(runtime(), message, elizaState(state), options, callback, responses)
    },
  )
}

/** More than a turn says. */
const MOST_SAID = 200

/** What the agent said in the turn so far, oldest first: its reply, and what its actions said. */
async function saidIn({
  agent,
  turn,
  message,
  room,
  records,
}: WorkContext): Promise<ElizaMemory[]> {
  const said = await records.memories({
    ...{ type: 'messages', roomIds: [room.id], entityId: agent.id, start: message.createdAt },
    ...{ turnId: turn.turnId, count: MOST_SAID, oldestFirst: true },
  })
  return said.map(elizaMemory)
}

/** Composed once for an attempt: `validate` and the handler see the same. */
const states = new WeakMap<object, Promise<State>>()

function stateFor(context: TurnContext): Promise<State> {
  const attempt = attemptOf(context)
  const known = states.get(attempt)
  if (known) return known
  const composing = composeState(context, { only: PROVIDERS }).then(({ state }) => state)
  composing.catch(() => states.delete(attempt))
  states.set(attempt, composing)
  return composing
}
