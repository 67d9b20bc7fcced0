import { ollamaClient } from './ollama-client.ts'
import { OLLAMA_URL, ollamaEndpoint } from './ollama-endpoint.ts'

/**
 * The names of the models of the Ollama that answers at an address, as `ollama list` shows them;
 * undefined when none answers in time. Never rejects.
 */
export async function findOllama(
  baseUrl = OLLAMA_URL,
  timeoutMs = 500,
): Promise<readonly string[] | undefined> {
  try {
    const client = ollamaClient(ollamaEndpoint({ baseUrl }), AbortSignal.timeout(timeoutMs))
    const { models } = await client.list()
    return models.map(({ model }) => model)
  } catch {
    return undefined
  }
}
