import { readFileSync } from 'node:fs'
import { ModelError } from '../agent/errors.ts'
import { type PricedModel, type PriceList, parsePriceList } from '../schema/model-prices.ts'

/** A price list that was read from a file. */
export interface Prices {
  readonly date: string | undefined
  find(vendor: string, model: string): PricedModel | undefined
}

/**
 * The built-in list, and the operator's own before it.
 *
 * @throws {ModelError} `model_not_configured`: the own file cannot be read.
 */
export function openPrices(ownFile?: string): Prices {
  const builtIn = parsePriceList(readFileSync(new URL('./prices.json', import.meta.url), 'utf8'))
  const own = ownFile === undefined ? undefined : readOwn(ownFile)
  return {
    date: builtIn.date,
    find: (vendor, model) => (own && lookUp(own, vendor, model)) ?? lookUp(builtIn, vendor, model),
  }
}

function readOwn(file: string): PriceList {
  try {
    return parsePriceList(readFileSync(file, 'utf8'))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new ModelError(
      `TURNKEEPER_MODEL_PRICES names '${file}', which cannot be used: ${reason}. See docs/models.md.`,
      { code: 'model_not_configured', retryable: false, cause: error },
    )
  }
}

function lookUp(list: PriceList, vendor: string, model: string): PricedModel | undefined {
  for (const { key, isPriced } of keysOf(vendor, model)) {
    const found = Object.hasOwn(list.models, key) ? list.models[key] : undefined
    if (found) return isPriced ? found : sizesOf(found)
  }
  return undefined
}

const sizesOf = ({ context, answer, tools }: PricedModel): PricedModel => ({
  context,
  answer,
  tools,
})

interface Key {
  readonly key: string
  /** False: the model is of the same size, but has a price of its own. */
  readonly isPriced: boolean
}

/** Under which keys a model may stand, the most exact first. */
function keysOf(vendor: string, model: string): Key[] {
  const tuned = /^ft:([^:]+)/.exec(model)?.[1]
  const [plain = model, variant] = vendor === 'openrouter' ? model.split(':') : [model]
  const name = (tuned ?? plain).replace(/^models\//, '')
  const isPriced = tuned === undefined && variant === undefined
  const names = [...new Set([name, withoutDate(name)])]
  return [
    { key: `${vendor}/${model}`, isPriced: true },
    ...names.map((each) => ({ key: `${vendor}/${each}`, isPriced })),
    ...(vendor === 'openrouter' ? names.map((each) => ({ key: original(each), isPriced })) : []),
  ]
}

/** `-2026-03-05`, `-20251001`, `-001`, `-latest`, `@20251001`. */
const withoutDate = (name: string) => name.replace(/(?:[-@]\d{4}-?\d{2}-?\d{2}|-00\d|-latest)$/, '')

/** OpenRouter sells at the makers' prices, and spells their names and versions its own way. */
function original(model: string): string {
  const [, maker = '', name = model] = /^([^/]+)\/(.+)$/.exec(model) ?? []
  if (maker === 'anthropic') return `${maker}/${name.replaceAll('.', '-')}`
  return `${maker === 'x-ai' ? 'xai' : maker}/${name}`
}
