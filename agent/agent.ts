import type { Character } from '../schema/character.ts'
import type { JsonObject } from '../schema/json.ts'
import type { Action } from './action.ts'
import type { WorkContext } from './context.ts'
import type { Evaluator } from './evaluator.ts'
import type { ModelHandler } from './models.ts'
import type { Platforms } from './platforms.ts'
import type { Provider } from './provider.ts'
import type { TaskRecord } from './records.ts'

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
  /** Absent without foreign plugins. */
  readonly platforms?: Platforms
  /** Carries out a task that waits for a choice, by the worker that a plugin registered for its name. */
  readonly runTask?: (context: WorkContext, task: TaskRecord, options: JsonObject) => Promise<void>
}
