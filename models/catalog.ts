import type { ModelCard, ModelPrice } from '../agent/models.ts'
import type { PricedModel } from '../schema/model-prices.ts'
import { openPrices } from './prices.ts'
import { countTokens, loadTokenizer, tokenizerOf } from './tokenizer.ts'

export interface Catalog {
  /** When the built-in prices were taken. */
  readonly pricesOf: string | undefined
  card(vendor: string, model: string): ModelCard
  isKnown(vendor: string, model: string): boolean
}

/** What a model has that nobody has described: a local one may be this small. */
const UNKNOWN = { contextTokens: 32_768, maxOutputTokens: 4_096 }

/** No text model that these vendors have brought out since the middle of 2024 has less. */
const UNKNOWN_OF_VENDOR = { contextTokens: 128_000, maxOutputTokens: 16_384 }
const VENDORS_OF_BIG_MODELS = new Set(['anthropic', 'google', 'xai'])

/** It reads only what it needs of a prompt, so nothing has to be cut for it. */
const ELIZA = { contextTokens: 1_000_000, maxOutputTokens: 4_096 }

/** What is paid for with the machine and not by the token. */
const FREE: ModelPrice = { input: 0, output: 0 }
const FREE_VENDORS = new Set(['eliza', 'ollama'])

/**
 * @param ownPrices the operator's file, which wins over the built-in list
 * @throws {ModelError} `model_not_configured`: that file cannot be used.
 */
export function createCatalog(ownPrices?: string): Catalog {
  const prices = openPrices(ownPrices)
  return {
    pricesOf: prices.date,
    isKnown: (vendor, model) => prices.find(vendor, model) !== undefined,
    card: (vendor, model) => cardOf(vendor, model, prices.find(vendor, model)),
  }
}

const READY = {
  o200k_base: () => loadTokenizer('o200k_base'),
  cl100k_base: () => loadTokenizer('cl100k_base'),
}

function cardOf(vendor: string, model: string, found: PricedModel | undefined): ModelCard {
  const unknown = sizesOfUnknown(vendor)
  const contextTokens = found?.context ?? unknown.contextTokens
  const price = priceOf(found) ?? (FREE_VENDORS.has(vendor) ? FREE : undefined)
  const tokenizer = isOpenaiModel(vendor, model) ? tokenizerOf(model) : undefined
  return {
    contextTokens,
    ...(found?.context === undefined && { isGuess: true }),
    maxOutputTokens: found?.answer ?? Math.min(unknown.maxOutputTokens, contextTokens),
    ...(price && { price }),
    hasTools: !isWithoutTools(vendor) && found?.tools !== false,
    countTokens: (text) => countTokens(text, tokenizer),
    ...(tokenizer ? { ready: READY[tokenizer] } : {}),
  }
}

/** ElizaOS's handlers of models take a text and return one. */
const isWithoutTools = (vendor: string): boolean =>
  vendor === 'eliza' || vendor.startsWith('plugin:')

function sizesOfUnknown(vendor: string) {
  if (vendor === 'eliza') return ELIZA
  return VENDORS_OF_BIG_MODELS.has(vendor) ? UNKNOWN_OF_VENDOR : UNKNOWN
}

/** A price of which one half is unknown is unknown. */
function priceOf(found: PricedModel | undefined): ModelPrice | undefined {
  const { input, output, cached, cacheWrite } = found ?? {}
  if (input === undefined || output === undefined) return undefined
  return {
    ...{ input, output },
    ...(cached !== undefined && { cachedInput: cached }),
    ...(cacheWrite !== undefined && { cacheWrite }),
  }
}

const isOpenaiModel = (vendor: string, model: string) =>
  vendor === 'openai' || model.startsWith('openai/')
