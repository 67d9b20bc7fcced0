import type { Action } from './action.ts'
import type { Evaluator } from './evaluator.ts'
import type { ModelHandler, ModelPurpose } from './models.ts'
import type { Provider } from './provider.ts'

export interface Plugin {
  readonly name: string
  readonly description: string
  readonly actions?: readonly Action[]
  readonly providers?: readonly Provider[]
  readonly evaluators?: readonly Evaluator[]
  /** Models of its own. */
  readonly models?: Partial<Readonly<Record<ModelPurpose, ModelHandler['handler']>>>
  /** Of its models. @default 0 */
  readonly priority?: number
}
