import type { JsonObject } from '../schema/json.ts'
import { type Action, type ActionContext, type ActionResult, effectIn } from './action.ts'
import type { Agent } from './agent.ts'

/**
 * The agent of a fork: it thinks and speaks as the other one does, and changes nothing outside its
 * shadow room. Actions with an effect are only rehearsed, nothing is asked of people, nothing is
 * evaluated, and nobody gets an apology.
 */
export function forkedAgent(agent: Agent): Agent {
  return {
    ...agent,
    settings: { ...agent.settings, apology: 'off' },
    actions: agent.actions.map(withoutEffect),
    evaluators: [],
    runTask: undefined, // tasks are not the fork's
  }
}

/** What a rehearsed action journals. Later actions of the turn see it as their `previous` result. */
export interface RehearsedResult extends ActionResult {
  readonly dryRun: true
  /** What the handler would have been given. */
  readonly parameters: JsonObject
  /** Somebody would have been asked first. */
  readonly wouldAsk: boolean
}

/** It may be rehearsed as often as one likes, so an interrupted rehearsal is no unknown outcome. */
function withoutEffect(action: Action): Action {
  return {
    ...action,
    effect: 'none',
    requiresApproval: false,
    // Of the original: a plugin's object may keep it in its class.
    validate: action.validate && ((context, state) => action.validate?.(context, state) ?? true),
    async handler(context) {
      const wouldAsk = await asksFirst(action, context.parameters)
      if (effectIn(context.agent, action) === 'none' && !wouldAsk)
        return action.handler(confined(context))
      return rehearsed(context.parameters, wouldAsk)
    },
  }
}

const rehearsed = (parameters: JsonObject, wouldAsk: boolean): RehearsedResult => ({
  success: true,
  dryRun: true,
  parameters,
  wouldAsk,
})

/**
 * Messages and memories belong to the room; relationships and approvals belong to the agent's world. What else
 * is written is left out when the step commits.
 */
const confined = (context: ActionContext): ActionContext => ({
  ...context,
  relate: () => undefined,
  answerApproval: async () => undefined,
})

/** @throws what the function throws: that fails the action, as it would have outside. */
async function asksFirst({ requiresApproval = false }: Action, parameters: JsonObject) {
  if (typeof requiresApproval === 'boolean') return requiresApproval
  return (await requiresApproval(parameters)) !== false // plugins are not held to their types
}
