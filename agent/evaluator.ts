import type { TurnContext, WorkContext } from './context.ts'

/** Looks at a turn after the reply. Never delays it, never fails it. */
export interface Evaluator {
  readonly name: string
  readonly description: string
  readonly similes?: readonly string[]
  /** Also after a turn without a reply. */
  readonly alwaysRun?: boolean
  /** Of a foreign plugin: it runs under what that may do. */
  readonly isForeign?: true
  /** Turns of the room between two runs, perhaps by the agent's settings. @default 1 */
  readonly intervalTurns?: number | ((settings: Readonly<Record<string, unknown>>) => number)
  validate?(context: TurnContext): Promise<boolean> | boolean
  handler(context: WorkContext): Promise<void>
}
