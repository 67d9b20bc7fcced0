import type { Json, JsonObject } from '../schema/json.ts'
import type { TurnContext, WorkContext } from './context.ts'
import type { State } from './provider.ts'

/**
 * What repeating the handler does to the world. `once`: an attempt that was cut off is not repeated,
 * its outcome is `unknown`; `idempotent`: safe on `context.key`; `none`: only reads and writes of ours.
 */
export type ActionEffect = 'none' | 'idempotent' | 'once'

/** Something a character can do. The model chooses it by name. */
export interface Action {
  readonly name: string
  readonly similes?: readonly string[]
  readonly description: string
  /** Conversations for the prompt, each a list of messages. */
  readonly examples?: readonly (readonly ActionExample[])[]
  readonly effect: ActionEffect
  /** Refuses quietly: an action that does not validate is not offered, and not run. Default: always. */
  validate?(context: TurnContext, state: State): Promise<boolean> | boolean
  handler(context: ActionContext): Promise<ActionResult>
}

export interface ActionExample {
  readonly name: string
  readonly content: { readonly text: string; readonly actions?: readonly string[] }
}

export interface ActionContext extends WorkContext {
  readonly state: State
  /** Stable across retries of this step: for the idempotency key of an outside service. */
  readonly key: string
  /** Results of the actions that ran before in this turn, oldest first. */
  readonly previous: readonly ActionResult[]
}

export interface ActionResult {
  readonly success: boolean
  readonly text?: string
  readonly values?: Readonly<Record<string, Json>>
  readonly data?: JsonObject
  readonly error?: string
}
