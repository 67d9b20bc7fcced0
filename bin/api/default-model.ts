import type { ModelRouter } from '../../agent/models.ts'
import type { DefaultModel } from '../../api/deps.ts'

/** Settings that no model can be asked with are an answer, too: agents may have others. */
export async function defaultModel(models: ModelRouter): Promise<DefaultModel> {
  try {
    return await models.describe()
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    return { vendor: '', model: '', isBuiltIn: false, fallbacks: [], problem }
  }
}
