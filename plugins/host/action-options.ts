import type { ActionContext, ActionResult } from '../../agent/action.ts'
import { stringToUuid } from '../../schema/ids.ts'
import type { JsonObject } from '../../schema/json.ts'
import type { ElizaMemory, ElizaState } from '../contract.ts'
import { saidMemory } from './eliza-shapes.ts'

/** ElizaOS's HandlerOptions, and what `defineAction` reads: the key and the signal. */
export function actionOptions(
  context: ActionContext,
  signal: AbortSignal,
): Record<string, unknown> {
  const previousResults = context.previous.map(elizaResult)
  return {
    actionContext: {
      previousResults,
      getPreviousResult: (name: string) =>
        previousResults.find(({ data }) => data.actionName === name),
    },
    // As in ElizaOS: one action is no plan.
    ...(context.plan.totalSteps > 1 && { actionPlan: structuredClone(context.plan) }),
    parameters: structuredClone(context.parameters),
    key: context.key,
    abortSignal: signal,
    signal,
  }
}

/** ElizaOS tells results apart by `data.actionName`. */
function elizaResult(result: ActionResult) {
  const own: ActionResult & { readonly action?: unknown } = structuredClone(result)
  const { action, data, ...rest } = own
  const name: JsonObject = typeof action === 'string' ? { actionName: action } : {}
  return { ...rest, data: { ...name, ...data } }
}

/** ElizaOS's `responses`: the decision that the action belongs to, as the agent's memory of it. */
export function responsesOf({ plan, message, turn, now }: ActionContext): ElizaMemory[] {
  const id = stringToUuid(`response:${turn.turnId}:${turn.gen}`)
  const actions = plan.steps.map(({ action }) => action)
  const content = { thought: plan.thought, actions, responseId: id, inReplyTo: message.id }
  return [saidMemory(message, { id, content, at: now })]
}

/** Where ElizaOS 1.x puts the parameters of multi-step mode. */
export function withParameters(
  state: ElizaState,
  action: string,
  { parameters }: ActionContext,
): ElizaState {
  if (Object.keys(parameters).length === 0) return state
  const own = structuredClone(parameters)
  const key = action.toLowerCase().replaceAll('_', '')
  state.data.actionParams = own
  state.data[key] ??= own
  return state
}
