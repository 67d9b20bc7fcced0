import type { JsonObject } from '../../../schema/json.ts'
import type { ActionContext, ActionResult } from '../../action.ts'

type Telling = Pick<ActionContext, 'say' | 'plan'>

/** It is done. The person hears it from the action only where the decision has no words of its own. */
export function done(
  context: Telling,
  { action, text, data }: { action: string; text: string; data?: JsonObject },
): ActionResult {
  if (context.plan.words === 'none') context.say({ text, actions: [action] })
  return { success: true, text, ...(data ? { data } : {}) }
}

/**
 * It was not done, and why, in a sentence for the person. Words that were chosen before the action ran may
 * claim it, so it is said beside them; words that are chosen later know of it.
 */
export function refused(context: Telling, action: string, reason: string): ActionResult {
  if (context.plan.words !== 'later') context.say({ text: reason, actions: [action], failed: true })
  return { success: false, error: reason, text: reason }
}
