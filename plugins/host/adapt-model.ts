import type { ModelHandler } from '../../agent/models.ts'
import type { ElizaModelHandler } from '../contract.ts'
import { modelMember } from '../models/model-member.ts'
import type { AdaptPorts } from './adapt-ports.ts'

/** A plugin's model in its scope. What it fails with is counted, and passed on as it is. */
export function adaptModel(
  { agentId, runtime, isolation }: AdaptPorts,
  handler: ElizaModelHandler,
  { plugin, type }: { readonly plugin: string; readonly type: string },
): ModelHandler['handler'] {
  const name = { plugin, member: `model ${type}` }
  return async (params, options) => {
    const answer = modelMember({ agentId, plugin, type, handler, runtime: runtime() })
    try {
      return await answer(params, options)
    } catch (error) {
      if (!options.signal.aborted) isolation.health.note(name, error)
      throw error
    }
  }
}
