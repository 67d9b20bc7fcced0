import type { ApprovableBy } from '../schema/approval.ts'
import type { Json, JsonObject } from '../schema/json.ts'
import type { Agent } from './agent.ts'
import type { AnswerApproval } from './approvals.ts'
import type { TurnContext, WorkContext } from './context.ts'
import type { ActionPlan } from './progress.ts'
import type { State } from './provider.ts'

/**
 * What repeating the handler does to the world. `once`: an attempt that was cut off is not repeated,
 * its outcome is `unknown`; `idempotent`: safe on `context.key`; `none`: only reads and writes of ours.
 */
export type ActionEffect = 'none' | 'idempotent' | 'once'

/** @default `once`, the careful one, for an action that nobody offers any more */
export function effectIn(agent: Agent, action: Pick<Action, 'effect'> | undefined): ActionEffect {
  const { effect = 'once' } = action ?? {}
  return typeof effect === 'function' ? effect(agent) : effect
}

/** Something a character can do. The model chooses it by name. */
export interface Action {
  readonly name: string
  readonly similes?: readonly string[]
  readonly description: string
  /** Conversations for the prompt, each a list of messages. */
  readonly examples?: readonly (readonly ActionExample[])[]
  /** A function, where it depends on what else the agent has. */
  readonly effect: ActionEffect | ((agent: Agent) => ActionEffect)
  /** Of a plugin from outside: its `validate` may take its time. */
  readonly isForeign?: true
  /** It needs what one process alone holds, such as a socket: it runs on that process's task queue. */
  readonly needsGateway?: true
  /** What the model is asked to give with the action's name. It may leave them out or invent others. */
  readonly parameters?: readonly ActionParameter[]
  /**
   * Whether somebody must agree before the handler runs: the turn is parked until they do. A function
   * that throws fails the action. @default false
   */
  readonly requiresApproval?: boolean | ((parameters: JsonObject) => boolean | Promise<boolean>)
  /** Who may agree in the room: owners and admins of its world, or anyone. @default 'admin' */
  readonly approvableBy?: ApprovableBy
  /** What is asked. By default the name and the parameters. */
  approvalQuestion?(parameters: JsonObject): string
  /** Refuses quietly: an action that does not validate is not offered, and not run. Default: always. */
  validate?(context: TurnContext, state: State): Promise<boolean> | boolean
  handler(context: ActionContext): Promise<ActionResult>
}

export interface ActionParameter {
  readonly name: string
  readonly description: string
  readonly required?: boolean
  /** JSON Schema, for models that call actions as tools. @default a string */
  readonly schema?: JsonObject
}

export interface ActionExample {
  readonly name: string
  readonly content: { readonly text: string; readonly actions?: readonly string[] }
}

export interface ActionContext extends WorkContext {
  readonly state: State
  /** What the model gave, or what was approved. Empty when it gave nothing readable. */
  readonly parameters: JsonObject
  /**
   * For the idempotency key of an outside service: the same in every attempt and generation that
   * carries out this decision; another one when an operator has the turn decided anew.
   */
  readonly key: string
  /** Gives an answer in the author's name, at once: it is not undone when the step is. */
  readonly answerApproval: AnswerApproval
  /** Results of the actions that ran before in this turn, oldest first. */
  readonly previous: readonly ActionResult[]
  /** The decision that it belongs to, and how far its actions have come. */
  readonly plan: ActionPlan
  /** For `message.send`: the connector that shows rooms of a source; null for those of our own clients. */
  outboxSource(source: string): string | null
}

export interface ActionResult {
  readonly success: boolean
  readonly text?: string
  readonly values?: Readonly<Record<string, Json>>
  readonly data?: JsonObject
  readonly error?: string
  /** It was cut off and not repeated: it may have happened or not. */
  readonly unknown?: boolean
  /** Somebody refused it, or nobody agreed in time: it did not happen. */
  readonly denied?: boolean
}
