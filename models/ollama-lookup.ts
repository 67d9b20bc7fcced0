import { findOllama } from './ollama-find.ts'

/** Names of the models that an Ollama has; undefined when none answers at the address. */
export type OllamaLookup = (baseUrl?: string) => Promise<readonly string[] | undefined>

/** How long an answer is believed, in milliseconds: somebody may start Ollama beside us. */
const BELIEVED_MS = 30_000
const MAX_ADDRESSES = 100

interface Known {
  readonly models: readonly string[] | undefined
  readonly asOf: number
}

/**
 * Looks for Ollama, and remembers. Only the first look at an address is waited for (half a second at
 * most); later ones happen while the last answer still holds.
 */
export function createOllamaLookup(find: typeof findOllama = findOllama): OllamaLookup {
  const known = new Map<string | undefined, Known>()
  const looking = new Map<string | undefined, Promise<readonly string[] | undefined>>()
  const look = (baseUrl?: string) => {
    const running = looking.get(baseUrl)
    if (running) return running
    const answer = find(baseUrl).then((models) => {
      if (known.size >= MAX_ADDRESSES) known.clear()
      known.set(baseUrl, { models, asOf: Date.now() })
      looking.delete(baseUrl)
      return models
    })
    looking.set(baseUrl, answer)
    return answer
  }
  return async (baseUrl) => {
    const last = known.get(baseUrl)
    if (!last) return look(baseUrl)
    if (Date.now() - last.asOf > BELIEVED_MS) void look(baseUrl)
    return last.models
  }
}

const EMBEDDING_MODEL = /embed|minilm|bge|gte-/i

/** The first model that writes, in the order of `ollama list`: the one that was changed last. */
export const writingModel = (models: readonly string[]): string | undefined =>
  models.find((model) => !EMBEDDING_MODEL.test(model))

export const embeddingModel = (models: readonly string[]): string | undefined =>
  models.find((model) => EMBEDDING_MODEL.test(model))
