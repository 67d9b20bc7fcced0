import type { ActionResult } from '../../agent/action.ts'
import type { ElizaActionResult } from '../runtime.ts'
import type { Access } from './access.ts'
import { placeOf } from './place.ts'

/** Under the key that ElizaOS's plugins read in `stateCache`. */
export const resultsKey = (messageId: string): string => `${messageId}_action_results`

/** Of `processActions`, or of the actions that ran before in the turn of the message. */
export function resultsOf(access: Access, messageId: string): ElizaActionResult[] {
  const kept = access.runtime.stateCache.get(resultsKey(messageId))?.data?.actionResults
  if (Array.isArray(kept)) return [...kept]
  const place = placeOf(access.agentId)
  if (place.kind === 'outside') return []
  const { context } = place.turn
  if (context.message.id !== messageId) return []
  const results = context.progress?.results ?? []
  return results.map((result) => toElizaResult(result.action, result))
}

/** ElizaOS tells results apart by `data.actionName`. */
export function toElizaResult(name: string, result: ActionResult): ElizaActionResult {
  const { success, text, values, data, error } = structuredClone(result)
  return {
    success,
    ...(text !== undefined && { text }),
    ...(values && { values }),
    data: { actionName: name, ...data },
    ...(error !== undefined && { error }),
  }
}
