import type OpenAI from 'openai'
import type { ModelRequest } from '../agent/models.ts'

type Params = OpenAI.Chat.Completions.ChatCompletionCreateParamsStreaming

/**
 * OpenAI's reasoning models answer 400 to any temperature but 1 and to stop sequences, wherever they
 * are hosted. A character's temperature must not make it mute, so both are left out for them.
 */
const REASONING_MODEL = /^(?:gpt-[5-9]|o\d)/

/** The body of `POST /chat/completions`. */
export function chatParams(request: ModelRequest, isOpenai: boolean): Params {
  const system = request.system ? [{ role: 'system' as const, content: request.system }] : []
  return {
    model: request.model,
    messages: [...system, { role: 'user', content: request.prompt }],
    stream: true,
    // Without it no usage comes with a stream, and the ledger would have to guess.
    stream_options: { include_usage: true },
    ...tokenLimit(request, isOpenai),
    ...sampling(request),
  }
}

/**
 * OpenAI refuses `max_tokens` for its reasoning models; servers that copied the API earlier know only
 * that name, and ignore or refuse the new one.
 */
function tokenLimit({ maxTokens }: ModelRequest, isOpenai: boolean): Partial<Params> {
  if (maxTokens === undefined) return {}
  return isOpenai ? { max_completion_tokens: maxTokens } : { max_tokens: maxTokens }
}

function sampling({ model, temperature, stopSequences }: ModelRequest): Partial<Params> {
  if (REASONING_MODEL.test(model)) return {}
  return {
    ...(temperature !== undefined && { temperature }),
    ...(stopSequences?.length && { stop: [...stopSequences] }),
  }
}
