import type { ModelPurpose, ModelRouter, ModelVendor, ResolvedModel } from '../agent/models.ts'
import { createElizaVendor, ELIZA_MODEL } from './eliza.ts'
import { createOpenaiVendor } from './openai.ts'
import type { OpenaiEndpoint } from './openai-endpoint.ts'

/** The environment's part of the choice, by the names of `schema/config.ts`. */
export interface ModelRouterOptions {
  readonly openaiApiKey?: string
  readonly openaiBaseUrl?: string
  readonly openaiSmallModel?: string
  readonly openaiLargeModel?: string
  /** Milliseconds per word of the built-in ELIZA; default 0. */
  readonly elizaTypingMs?: number
}

/** Ids that the `openai` package lists without an announced shutdown date (its version 7.55). */
const DEFAULT_MODELS: Readonly<Record<ModelPurpose, string>> = {
  TEXT_SMALL: 'gpt-5.4-mini',
  TEXT_LARGE: 'gpt-5.4',
}

/** ElizaOS's names, the vendor's own before the general one. */
const MODEL_SETTINGS: Readonly<Record<ModelPurpose, readonly string[]>> = {
  TEXT_SMALL: ['OPENAI_SMALL_MODEL', 'SMALL_MODEL'],
  TEXT_LARGE: ['OPENAI_LARGE_MODEL', 'LARGE_MODEL'],
}

/** Settings of an agent that let one model answer every purpose. */
export const settingsForModel = (model: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.values(MODEL_SETTINGS)
      .flat()
      .map((name) => [name, model]),
  )

/** Agents with keys of their own could otherwise fill the memory with clients. */
const MAX_CLIENTS = 100

type Settings = Readonly<Record<string, unknown>>

/**
 * Chooses per agent: its own settings first, then the environment, then the built-in ELIZA. Its
 * `resolve` throws a `ModelError` (`model_not_configured`) when an address or a key cannot be used.
 */
export function createModelRouter(options: ModelRouterOptions): ModelRouter {
  const eliza = createElizaVendor({ typingMs: options.elizaTypingMs })
  const vendorFor = cachedVendors()
  const resolve = (purpose: ModelPurpose, settings: Settings): ResolvedModel => {
    const endpoint = endpointOf(settings, options)
    if (!endpoint) return { vendor: eliza, model: ELIZA_MODEL }
    return { vendor: vendorFor(endpoint), model: modelOf(purpose, settings, options, endpoint) }
  }
  return {
    resolve,
    describe() {
      const endpoint = endpointOf({}, options)
      if (!endpoint) return { vendor: eliza.name, model: ELIZA_MODEL, isBuiltIn: true }
      const model = modelOf('TEXT_LARGE', {}, options, endpoint)
      return { vendor: 'openai', model, isBuiltIn: false }
    },
  }
}

/** The environment's key never goes to an address that an agent's settings name: those are not the operator's. */
function endpointOf(settings: Settings, options: ModelRouterOptions): OpenaiEndpoint | undefined {
  const ownUrl = setting(settings, 'OPENAI_BASE_URL')
  const ownKey = setting(settings, 'OPENAI_API_KEY')
  if (ownUrl !== undefined) return { baseUrl: ownUrl, apiKey: ownKey }
  const baseUrl = filled(options.openaiBaseUrl)
  const apiKey = ownKey ?? filled(options.openaiApiKey)
  return baseUrl === undefined && apiKey === undefined ? undefined : { baseUrl, apiKey }
}

function modelOf(
  purpose: ModelPurpose,
  settings: Settings,
  options: ModelRouterOptions,
  { baseUrl }: OpenaiEndpoint,
): string {
  const named = namedModel(purpose, settings, options)
  if (named !== undefined) return named
  // A local server often has one model: naming it once is enough.
  const other = purpose === 'TEXT_SMALL' ? 'TEXT_LARGE' : 'TEXT_SMALL'
  const stand = baseUrl === undefined ? undefined : namedModel(other, settings, options)
  return stand ?? DEFAULT_MODELS[purpose]
}

function namedModel(
  purpose: ModelPurpose,
  settings: Settings,
  options: ModelRouterOptions,
): string | undefined {
  const own = MODEL_SETTINGS[purpose]
    .map((name) => setting(settings, name))
    .find((model) => model !== undefined)
  const { openaiSmallModel, openaiLargeModel } = options
  return own ?? filled(purpose === 'TEXT_SMALL' ? openaiSmallModel : openaiLargeModel)
}

/** An agent's own value; ElizaOS characters keep theirs in `settings.secrets` or in `settings`. */
function setting(settings: Settings, name: string): string | undefined {
  const { secrets } = settings
  const secret =
    typeof secrets === 'object' && secrets !== null
      ? filled(Object.entries(secrets).find(([key]) => key === name)?.[1])
      : undefined
  return secret ?? filled(settings[name])
}

/** A text with something in it; keys are often pasted with a line break. */
const filled = (value: unknown): string | undefined =>
  (typeof value === 'string' && value.trim()) || undefined

function cachedVendors(): (endpoint: OpenaiEndpoint) => ModelVendor {
  const vendors = new Map<string, ModelVendor>()
  return (endpoint) => {
    const key = JSON.stringify([endpoint.baseUrl, endpoint.apiKey])
    const vendor = vendors.get(key) ?? createOpenaiVendor(endpoint)
    // The newest stands at the end: the first one is the one that was not used for the longest.
    vendors.delete(key)
    vendors.set(key, vendor)
    const [oldest] = vendors.keys()
    if (vendors.size > MAX_CLIENTS && oldest !== undefined) vendors.delete(oldest)
    return vendor
  }
}
