import { ollamaClient } from './ollama-client.ts'
import { OLLAMA_URL, ollamaEndpoint } from './ollama-endpoint.ts'

/** Of a list of models, which is some KB; whatever answers there may be anything. */
const MAX_LIST_BYTES = 4_000_000

/**
 * The names of the models of the Ollama that answers at an address, as `ollama list` shows them;
 * undefined when none answers in time. Never rejects.
 */
export async function findOllama(
  baseUrl = OLLAMA_URL,
  timeoutMs = 500,
): Promise<readonly string[] | undefined> {
  try {
    const signal = AbortSignal.timeout(timeoutMs)
    const client = ollamaClient(ollamaEndpoint({ baseUrl }), signal, MAX_LIST_BYTES)
    const { models } = await client.list()
    return models.map(({ model }) => model)
  } catch {
    return undefined
  }
}
