import { OPENAI_SAMPLING, type OpenaiDialect } from './openai-dialect.ts'
import { dialectVendor } from './openai-wire.ts'
import { settingNames } from './vendor-endpoint.ts'

/** Grok's reasoning models answer 400 to penalties and to stop sequences. */
const REASONING_MODEL = /^grok-(?:3-mini|code|[4-9])(?!.*non-reasoning)/
const ALSO_FOR_REASONING = ['temperature', 'topP', 'seed'] as const

/** A dollar, as xAI counts. */
const TICKS = 10_000_000_000

const SHAPES = ['1:1', '3:2', '2:3', '4:3', '3:4', '16:9', '9:16', '2:1', '1:2']

const XAI: OpenaiDialect = {
  name: 'xai',
  identity: {
    label: 'xAI',
    url: 'https://api.x.ai/v1',
    names: settingNames('XAI'),
    urlForm: 'and ends in its version path, such as /v1',
  },
  tokenLimit: 'max_completion_tokens',
  takes: (model) => (REASONING_MODEL.test(model) ? ALSO_FOR_REASONING : OPENAI_SAMPLING),
  hasJsonSchema: () => true,
  costOf: ({ cost_in_usd_ticks: ticks }) => typeof ticks === 'number' && ticks / TICKS,
  offers: ['draw'],
  sizeOf: aspectRatio,
}

/** Grok's pictures have shapes, and no size. Another shape is left to it. */
function aspectRatio(size: string): Readonly<Record<string, string>> {
  const [width = 0, height = 0] = size.split('x').map(Number)
  const shape = SHAPES.find((each) => {
    const [x = 0, y = 0] = each.split(':').map(Number)
    return width > 0 && Math.abs(width / height - x / y) < 0.02
  })
  return shape === undefined ? {} : { aspect_ratio: shape }
}

/** xAI's Grok. */
export const createXaiVendor = dialectVendor(XAI)
