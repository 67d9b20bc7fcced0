import type { ModelVendor } from '../agent/models.ts'
import type { OpenaiLimits } from './openai-connection.ts'
import { OPENAI_SAMPLING, type OpenaiDialect } from './openai-dialect.ts'
import { checkEndpoint, isOpenai, OPENAI_IDENTITY, type OpenaiEndpoint } from './openai-endpoint.ts'
import { wireVendor } from './openai-wire.ts'

export type { OpenaiLimits } from './openai-connection.ts'

/**
 * OpenAI's reasoning models answer 400 to any temperature but 1 and to its companions, wherever they
 * are hosted. A character's temperature must not make it mute, so these are left out for them.
 */
const REASONING_MODEL = /^(?:gpt-[5-9]|o\d)/

/** These reason unless they are told not to, and answer 400 to tools in a chat as long as they do. */
const NO_TOOLS_WITH_REASONING = /^gpt-5\.(?:[5-9]|\d\d)/

const OPENAI: OpenaiDialect = {
  name: 'openai',
  identity: OPENAI_IDENTITY,
  tokenLimit: 'max_completion_tokens',
  takes: (model) => (REASONING_MODEL.test(model) ? [] : OPENAI_SAMPLING),
  hasJsonSchema: () => true,
  withTools: (model) => (NO_TOOLS_WITH_REASONING.test(model) ? { reasoning_effort: 'none' } : {}),
  offers: ['embed', 'draw', 'transcribe', 'speak'],
}

const COPY: OpenaiDialect = { ...OPENAI, tokenLimit: 'max_tokens', withTools: () => ({}) }

/**
 * OpenAI, or any endpoint that speaks its wire.
 *
 * @throws {ModelError} `model_not_configured` when the address or the key cannot be used.
 */
export function createOpenaiVendor(
  settings: OpenaiEndpoint,
  limits: Partial<OpenaiLimits> = {},
): ModelVendor {
  const endpoint = checkEndpoint(settings)
  return wireVendor(endpoint, openaiDialect(endpoint), limits)
}

export const openaiDialect = (endpoint: Parameters<typeof isOpenai>[0]): OpenaiDialect =>
  isOpenai(endpoint) ? OPENAI : COPY
