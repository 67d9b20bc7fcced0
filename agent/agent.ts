import type { Character } from '../schema/character.ts'
import type { Action } from './action.ts'
import type { Evaluator } from './evaluator.ts'
import type { ModelHandler } from './models.ts'
import type { Provider } from './provider.ts'

/** A character that runs, with the members of its plugins in the order they were registered. */
export interface Agent {
  readonly id: string
  readonly character: Character
  /** `character.settings` and `secrets`, the latter decrypted. */
  readonly settings: Readonly<Record<string, unknown>>
  readonly actions: readonly Action[]
  readonly providers: readonly Provider[]
  readonly evaluators: readonly Evaluator[]
  /** Its plugins' own, the highest priority first, then in the order they were registered. */
  readonly models: readonly ModelHandler[]
}
