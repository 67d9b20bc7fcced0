import type { ElizaPlugin } from './contract.ts'

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
  ElizaPlugin as Plugin,
  ElizaProvider as Provider,
  ElizaRoute as Route,
  ElizaService as Service,
  ElizaState as State,
} from './contract.ts'
export {
  type ActionCall,
  type ActionDefinition,
  type DefinedResult as ActionResult,
  defineAction,
} from './define/define-action.ts'
export { defineEvaluator, type EvaluatorDefinition } from './define/define-evaluator.ts'
export { defineProvider, type ProviderDefinition } from './define/define-provider.ts'
export type { StandardSchema } from './define/standard-schema.ts'
export type { Runtime } from './runtime.ts'

/** A plugin of ElizaOS's contract. @throws {TypeError} without a name */
export function definePlugin(definition: ElizaPlugin): ElizaPlugin {
  const { name } = definition
  if (typeof name !== 'string' || name.trim() === '') {
    throw new TypeError("definePlugin needs a name: { name: 'weather', … }.")
  }
  return definition
}
