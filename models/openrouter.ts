import { OPENAI_SAMPLING, type OpenaiDialect } from './openai-dialect.ts'
import { dialectVendor } from './openai-wire.ts'
import { settingNames } from './vendor-endpoint.ts'

/** OpenRouter itself leaves out what the model behind it does not take. */
const SAMPLING = [...OPENAI_SAMPLING, 'topK', 'minP', 'repetitionPenalty'] as const

const OPENROUTER: OpenaiDialect = {
  name: 'openrouter',
  identity: {
    label: 'OpenRouter',
    url: 'https://openrouter.ai/api/v1',
    names: settingNames('OPENROUTER'),
    urlForm: 'and ends in its version path, such as /api/v1',
  },
  tokenLimit: 'max_tokens',
  takes: () => SAMPLING,
  hasJsonSchema: () => true,
  // Without it the answer does not say what it has cost.
  extras: { usage: { include: true } },
  // In credits, of which one is a dollar.
  costOf: ({ cost }) => cost,
  offers: ['embed', 'draw'],
  draws: 'chat',
}

/** OpenRouter, a router of many vendors' models: `anthropic/claude-…`. */
export const createOpenrouterVendor = dialectVendor(OPENROUTER)
