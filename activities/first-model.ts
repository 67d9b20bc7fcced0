import type { Agent } from '../agent/agent.ts'
import { ModelError } from '../agent/errors.ts'
import type { ModelPurpose, ModelRouter, ResolvedModel } from '../agent/models.ts'

/**
 * The model that a prompt is written for.
 * @throws {ModelError} as `ModelRouter.chain`
 */
export async function firstModel(
  models: ModelRouter,
  purpose: ModelPurpose,
  agent: Agent,
): Promise<ResolvedModel> {
  const [first] = await models.chain(purpose, agent)
  if (first) return first
  throw new ModelError(`No model is configured for ${purpose}.`, {
    code: 'model_not_configured',
    retryable: false,
  })
}
