import type { Action } from './action.ts'
import type { Evaluator } from './evaluator.ts'
import type { Provider } from './provider.ts'

export interface Plugin {
  readonly name: string
  readonly description: string
  readonly actions?: readonly Action[]
  readonly providers?: readonly Provider[]
  readonly evaluators?: readonly Evaluator[]
}
