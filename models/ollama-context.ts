import type { ModelRequest } from '../agent/models.ts'

/** Tokens of prompt and answer that are asked for when nobody says so: some GB of memory for usual models. */
export const USUAL_CONTEXT = 32_768

/** What a picture takes, about; models differ by a factor of ten. */
const IMAGE_TOKENS = 1_000
/** Left for an answer whose length is not limited. */
const ANSWER_TOKENS = 2_048

/** What `POST /api/show` tells. */
export interface ModelFacts {
  /** What the model was made for. */
  readonly contextTokens: number | undefined
  /** What its Modelfile asks for. */
  readonly ownContextTokens: number | undefined
}

export function factsOf({
  model_info: info,
  parameters,
}: {
  readonly model_info?: unknown
  readonly parameters?: unknown
}): ModelFacts {
  const entries = typeof info === 'object' && info !== null ? Object.entries(info) : []
  const context: unknown = entries.find(([name]) => name.endsWith('.context_length'))?.[1]
  const own = /^num_ctx\s+(\d+)/m.exec(typeof parameters === 'string' ? parameters : '')?.[1]
  return {
    contextTokens: typeof context === 'number' && context > 0 ? context : undefined,
    ownContextTokens: own === undefined ? undefined : Number(own),
  }
}

/**
 * The `num_ctx` of a request. By default Ollama reads 4,096 tokens, and drops the beginning of a longer
 * prompt without a word.
 *
 * It is the same for all prompts that fit, as another value makes Ollama load the model anew: what the
 * Modelfile or the limit says, at most what the model was made for. A prompt that needs more gets the next
 * power of two; one that needs more than the model has is for the server to refuse.
 */
export function contextOf(
  request: ModelRequest,
  { contextTokens = Number.POSITIVE_INFINITY, ownContextTokens }: ModelFacts,
  limit: number,
): number {
  const usual = Math.min(ownContextTokens ?? limit, contextTokens)
  const needed = neededTokens(request)
  return needed <= usual ? usual : Math.min(2 ** Math.ceil(Math.log2(needed)), contextTokens)
}

/** A token is at least 3 bytes of UTF-8 in most texts of most languages: rather too many than too few. */
function neededTokens(request: ModelRequest): number {
  const { prompt, system = '', tools = [], images = [], maxTokens = ANSWER_TOKENS } = request
  const bytes = Buffer.byteLength(prompt + system + (tools.length > 0 ? JSON.stringify(tools) : ''))
  return Math.ceil(bytes / 3) + images.length * IMAGE_TOKENS + maxTokens
}
