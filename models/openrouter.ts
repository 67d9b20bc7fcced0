import { OPENAI_SAMPLING, type OpenaiDialect } from './openai-dialect.ts'
import { isRecord } from './openai-usage.ts'
import { dialectVendor } from './openai-wire.ts'
import { settingNames } from './vendor-endpoint.ts'

type Usage = Readonly<Record<string, unknown>>

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
  costOf,
  offers: ['embed', 'draw'],
  draws: 'chat',
}

/** In credits, of which one is a dollar. With one's own key of a vendor only the router's fee is in it. */
function costOf({ cost, is_byok: isOwnKey, cost_details: details }: Usage): unknown {
  if (isOwnKey !== true) return cost
  const upstream = isRecord(details) ? details.upstream_inference_cost : undefined
  // Half a price would pass for the whole.
  return typeof cost === 'number' && typeof upstream === 'number' ? cost + upstream : undefined
}

/** OpenRouter, a router of many vendors' models: `anthropic/claude-…`. */
export const createOpenrouterVendor = dialectVendor(OPENROUTER)
