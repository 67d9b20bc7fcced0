import { findOllama } from './ollama-find.ts'

/** Names of the models that an Ollama has; undefined when none answers at the address. */
export type OllamaLookup = (baseUrl?: string) => Promise<readonly string[] | undefined>

/** How long an answer is believed, in milliseconds: somebody may pull another model. */
const BELIEVED_MS = 30_000
/** The same for none: it may have been busy, or somebody may start Ollama beside us. */
const MISSED_MS = 2_000
/** How long somebody waits for the first look at an address that is set; at the usual one, half a second. */
const NAMED_LOOK_MS = 3_000
const MAX_ADDRESSES = 100

interface Known {
  /** Of the last look that found any. */
  readonly models: readonly string[] | undefined
  readonly lookAgainAt: number
}

/**
 * Looks for Ollama, and remembers. Only the first look at an address is waited for; later ones happen
 * while the last answer still holds. One that was seen once stays: if it is
 * gone, the call says so and is tried again, where ELIZA would answer in its place without a word.
 *
 * @param now milliseconds
 */
export function createOllamaLookup(
  find: typeof findOllama = findOllama,
  now: () => number = Date.now,
): OllamaLookup {
  const known = new Map<string | undefined, Known>()
  const looking = new Map<string | undefined, Promise<readonly string[] | undefined>>()
  const look = (baseUrl?: string) => {
    const running = looking.get(baseUrl)
    if (running) return running
    const answer = find(baseUrl, baseUrl === undefined ? undefined : NAMED_LOOK_MS).then(
      (found) => {
        const models = found ?? known.get(baseUrl)?.models
        known.delete(baseUrl)
        known.set(baseUrl, { models, lookAgainAt: now() + (found ? BELIEVED_MS : MISSED_MS) })
        if (known.size > MAX_ADDRESSES) known.delete(oldest(known))
        looking.delete(baseUrl)
        return models
      },
    )
    looking.set(baseUrl, answer)
    return answer
  }
  return async (baseUrl) => {
    const last = known.get(baseUrl)
    if (!last) return look(baseUrl)
    if (now() > last.lookAgainAt) void look(baseUrl)
    return last.models
  }
}

/** The one on the usual port, which has no address, stays: agents have only others of their own. */
const oldest = (known: ReadonlyMap<string | undefined, Known>) =>
  [...known.keys()].find((baseUrl) => baseUrl !== undefined)

const EMBEDDING_MODEL = /embed|minilm|bge|gte-/i

/** The first model that writes, in the order of `ollama list`: the one that was changed last. */
export const writingModel = (models: readonly string[]): string | undefined =>
  models.find((model) => !EMBEDDING_MODEL.test(model))

export const embeddingModel = (models: readonly string[]): string | undefined =>
  models.find((model) => EMBEDDING_MODEL.test(model))
