import type { ElizaCallback, ElizaEvaluator, ElizaMemory } from '../contract.ts'
import type { Runtime } from '../runtime.ts'
import type { Asked } from './define-action.ts'

export interface EvaluatorDefinition {
  readonly name: string
  readonly description: string
  readonly similes?: readonly string[]
  /** Also after a turn without a reply. @default false */
  readonly alwaysRun?: boolean
  readonly examples?: ElizaEvaluator['examples']
  /** Whether it looks at this turn. @default always */
  readonly validate?: (asked: Asked) => boolean | Promise<boolean>
  readonly handler: (seen: Seen) => unknown
}

export interface Seen extends Asked {
  readonly callback: ElizaCallback
  /** What the agent said in this turn. */
  readonly responses: readonly ElizaMemory[]
}

/** An evaluator of ElizaOS's contract. @throws {TypeError} without a name or a handler */
export function defineEvaluator({
  validate,
  handler,
  ...rest
}: EvaluatorDefinition): ElizaEvaluator {
  if (typeof rest.name !== 'string' || rest.name.trim() === '') {
    throw new TypeError("defineEvaluator needs a name: { name: 'COUNT_WORDS', … }.")
  }
  if (typeof handler !== 'function') {
    throw new TypeError(`The evaluator '${rest.name}' has no handler: give it a function.`)
  }
  const asked = (
    runtime: Runtime,
    message: ElizaMemory,
    state: Asked['state'] = { values: {}, data: {}, text: '' },
  ): Asked => ({
    runtime,
    message,
    state,
  })
  return {
    examples: [],
    ...rest,
    validate: async (runtime, message, state) =>
      validate ? validate(asked(runtime, message, state)) : true,
    handler: async (runtime, message, state, _options, callback, responses = []) =>
      handler({
        ...asked(runtime, message, state),
        callback: callback ?? (async () => []),
        responses,
      }),
  }
}
