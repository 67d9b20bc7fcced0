import { createHash } from 'node:crypto'
import type { ModelHandler, ModelVendor, ResolvedModel } from '../agent/models.ts'
import type { Catalog } from './catalog.ts'
import type { ConfiguredVendor } from './configured-vendors.ts'
import { ELIZA_MODEL } from './eliza.ts'
import { type ModelChoice, WRITING } from './model-choice.ts'
import { type ModelQuestion, modelOf } from './model-name.ts'
import { pluginVendor } from './plugin-vendor.ts'
import { limitsOf, samplingOf } from './sampling.ts'
import type { VendorCache } from './vendor-cache.ts'
import { canAnswer } from './vendors.ts'

/** Somebody who may be asked. */
export type Candidate =
  | {
      readonly kind: 'vendor'
      readonly configured: ConfiguredVendor
      /** What was said about it. */
      readonly choice?: ModelChoice
    }
  | { readonly kind: 'plugin'; readonly handler: ModelHandler }
  | { readonly kind: 'eliza' }

export interface ResolveParts {
  readonly catalog: Catalog
  readonly eliza: ModelVendor
  readonly vendors: VendorCache
}

/** Enough for what costs nothing and waits for nobody. */
const UNLIMITED = { maxConcurrent: 1_000 }
/** What a plugin does is not known: its slots are as many as a vendor's. */
const OF_PLUGIN = { maxConcurrent: 32 }

/**
 * Undefined: the candidate does not offer the purpose.
 *
 * @throws {ModelError} it cannot be asked: its settings are wrong, or Ollama does not answer.
 */
export async function resolveModel(
  candidate: Candidate,
  question: ModelQuestion,
  parts: ResolveParts,
): Promise<ResolvedModel | undefined> {
  const sampling = samplingOf(question.purpose, question.values)
  if (candidate.kind === 'eliza') {
    if (!WRITING.has(question.purpose)) return undefined
    const of = { vendor: parts.eliza, model: ELIZA_MODEL, limits: UNLIMITED, sampling }
    return { ...of, host: '', account: '', card: parts.catalog.card('eliza', ELIZA_MODEL) }
  }
  if (candidate.kind === 'plugin') {
    const vendor = pluginVendor(candidate.handler)
    const model = candidate.handler.purpose
    const card = parts.catalog.card(vendor.name, model)
    // Where it leads is not known: what is counted per host is counted per plugin.
    const host = vendor.name
    return { vendor, model, host, account: '', limits: OF_PLUGIN, card, sampling }
  }
  const { configured } = candidate
  const model = await modelOf(candidate, question)
  if (model === undefined) return undefined
  const vendor = await parts.vendors.get(configured)
  if (!canAnswer(vendor, question.purpose)) return undefined
  return {
    ...{ vendor: withVoice(vendor, configured, question), model, host: configured.host },
    account: fingerprint(configured.endpoint.apiKey),
    limits: limitsOf(configured.names, question.values, configured.isOwn),
    card: parts.catalog.card(configured.names.vendor, model),
    sampling,
  }
}

/** Tells keys apart and leads back to none. Empty where there is no key. */
const fingerprint = (key: string | undefined): string =>
  key === undefined ? '' : createHash('sha256').update(key).digest('hex').slice(0, 16)

/** ElizaOS's `OPENAI_TTS_VOICE`: what the call itself asks for wins. */
function withVoice(
  vendor: ModelVendor,
  { names }: ConfiguredVendor,
  { purpose, values }: ModelQuestion,
): ModelVendor {
  const { speak } = vendor
  const voice = values.find([`${names.prefix}_TTS_VOICE`])?.text
  if (purpose !== 'TEXT_TO_SPEECH' || voice === undefined || !speak) return vendor
  return { ...vendor, speak: (request, options) => speak({ voice, ...request }, options) }
}
