import type { ElizaPlugin } from './contract.ts'
import type { AuthorRuntime } from './define/author-runtime.ts'

/**
 * What `turnkeeper/plugin` gives to authors. A plugin that is loaded by Turnkeeper gets this very module,
 * and the zod that stands here, whatever is installed beside it.
 */
export { z } from 'zod'
export type {
  ElizaAction as Action,
  ElizaContent as Content,
  ElizaEvaluator as Evaluator,
  ElizaMemory as Memory,
  ElizaProvider as Provider,
  ElizaRoute as Route,
  ElizaService as Service,
  ElizaState as State,
} from './contract.ts'
export type { AuthorRuntime as Runtime } from './define/author-runtime.ts'
export {
  type ActionCall,
  type ActionDefinition,
  type DefinedResult as ActionResult,
  defineAction,
} from './define/define-action.ts'
export { defineEvaluator, type EvaluatorDefinition } from './define/define-evaluator.ts'
export { defineProvider, type ProviderDefinition } from './define/define-provider.ts'
export type { StandardSchema } from './define/standard-schema.ts'

export interface PluginDefinition extends Omit<ElizaPlugin, 'init' | 'tests'> {
  readonly init?: (config: Record<string, string>, runtime: AuthorRuntime) => unknown
  readonly tests?: readonly {
    readonly name: string
    readonly tests: readonly {
      readonly name: string
      readonly fn: (runtime: AuthorRuntime) => unknown
    }[]
  }[]
}

/** A plugin of ElizaOS's contract. @throws {TypeError} without a name */
export function definePlugin(definition: PluginDefinition): ElizaPlugin {
  const { name } = definition
  if (typeof name !== 'string' || name.trim() === '') {
    throw new TypeError("definePlugin needs a name: { name: 'weather', … }.")
  }
  // An author's runtime is the façade with more of its members typed.
  return definition as ElizaPlugin
}
