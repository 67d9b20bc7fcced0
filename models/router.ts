import { ModelError } from '../agent/errors.ts'
import type { ModelChooser, ModelPurpose, ModelRouter, ResolvedModel } from '../agent/models.ts'
import { isVendorChoice } from '../schema/model-choice.ts'
import { MODEL_KINDS, MODEL_VENDORS, modelNames } from '../schema/model-vendors.ts'
import { type Candidates, candidatesFor, nobodyOffers } from './candidates.ts'
import { createCatalog } from './catalog.ts'
import { configuredVendors } from './configured-vendors.ts'
import { createElizaVendor } from './eliza.ts'
import type { ModelQuestion } from './model-name.ts'
import { createOllamaLookup } from './ollama-lookup.ts'
import { type Candidate, type ResolveParts, resolveModel } from './resolve-model.ts'
import { settingValues } from './setting-values.ts'
import { createVendorCache } from './vendor-cache.ts'
import { VENDORS } from './vendors.ts'

export interface ModelRouterOptions {
  /** The environment's part of the choice, by the names of `schema/model-settings.ts`. */
  readonly modelSettings?: Readonly<Record<string, string>>
  /** Milliseconds per word of the built-in ELIZA; default 0. */
  readonly elizaTypingMs?: number
}

/** Settings of an agent that let one model, or `vendor/model`, answer everything that is written. */
export function settingsForModel(
  model: string,
  settings: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  const named = isVendorChoice(model) ? { MODEL_VENDOR: model } : undefined
  const kinds = MODEL_KINDS.slice(0, MODEL_KINDS.indexOf('EMBEDDING'))
  const names = [
    ...['SMALL_MODEL', 'LARGE_MODEL'],
    ...MODEL_VENDORS.flatMap((vendor) => kinds.flatMap((kind) => modelNames(vendor, kind))).filter(
      // The name of a model is all that makes an Ollama configured.
      (name) => !name.startsWith('OLLAMA_') || name in settings,
    ),
  ]
  return {
    ...(named ?? Object.fromEntries(names.map((name) => [name, model]))),
    // Whatever chose the agent's own model must not choose again, and no other may answer for this one.
    ...Object.fromEntries(CHOOSERS.map((name) => [name, null])),
    ...{ model: null, modelFallbacks: 'none', TURNKEEPER_MODEL_FALLBACKS: 'none' },
  }
}

/**
 * Chooses per agent and purpose: the vendor that its settings name, its plugins' own models, the vendors
 * that have a key (its own before the environment's), an Ollama that runs, the built-in ELIZA.
 *
 * @throws {ModelError} `model_not_configured`: the operator's list of prices cannot be used.
 */
export function createModelRouter(options: ModelRouterOptions): ModelRouter {
  const { modelSettings: environment = {}, elizaTypingMs: typingMs } = options
  const parts: ResolveParts = {
    catalog: createCatalog(environment.TURNKEEPER_MODEL_PRICES),
    eliza: createElizaVendor({ typingMs }),
    vendors: createVendorCache(),
  }
  const ollama = createOllamaLookup()
  const resolve = async (purpose: ModelPurpose, agent: ModelChooser) => {
    const values = settingValues(agent.settings, environment)
    const candidates = await candidatesFor(purpose, agent, values, ollama)
    return resolveChain(candidates, { purpose, values, isFirst: true, ollama }, parts)
  }
  preload(environment)
  return {
    chain: async (purpose, agent) => (await resolve(purpose, agent)).models,
    async describe() {
      const { models, problems } = await resolve('TEXT_LARGE', { settings: {}, models: [] })
      const [first, ...rest] = models
      if (!first) throw new Error('A chain is never empty.')
      const isBuiltIn = first.vendor === parts.eliza
      const fallbacks = rest.map(({ vendor, model }) => `${vendor.name}/${model}`)
      return {
        ...{ vendor: first.vendor.name, model: first.model, isBuiltIn, fallbacks },
        ...(problems.length > 0 && { problems: problems.map(({ message }) => message) }),
      }
    },
  }
}

/** In the background, or the first turn would wait for the vendors' packages. */
function preload(environment: Readonly<Record<string, string>>): void {
  for (const { names } of configuredVendors(settingValues({}, environment))) {
    // The turn that needs it tries again, and tells.
    VENDORS[names.vendor].load().catch(() => undefined)
  }
}

interface ResolvedChain {
  readonly models: readonly ResolvedModel[]
  /** Why some are left out whose settings cannot be used. */
  readonly problems: readonly ModelError[]
}

async function resolveChain(
  candidates: Candidates,
  question: ModelQuestion,
  parts: ResolveParts,
): Promise<ResolvedChain> {
  const { first, fallbacks, isStrict } = candidates
  const chain = createChain(question, parts)
  for (const candidate of first) {
    await chain.add(candidate, { mustBeUsable: candidate === first[0] })
    if (chain.isComplete(fallbacks !== undefined) || (isStrict && chain.isEmpty())) break
  }
  if (chain.isEmpty()) throw chain.problems[0] ?? nobodyOffers(question.purpose, candidates)
  if (!chain.isComplete(false)) {
    for (const candidate of fallbacks ?? []) await chain.add(candidate, { mustBeUsable: false })
  }
  const problems = [...chain.problems, ...candidates.problems]
  return { models: chain.models, problems: problems.filter(({ code }) => code === UNUSABLE) }
}

const UNUSABLE = 'model_not_configured'

function createChain(question: ModelQuestion, parts: ResolveParts) {
  const models: ResolvedModel[] = []
  const problems: ModelError[] = []
  return {
    models,
    isEmpty: () => models.length === 0,
    /** Vectors of two models cannot be compared: another one must not answer for the first. */
    isComplete: (hasNamedFallbacks: boolean) =>
      models.length > 0 && (hasNamedFallbacks || question.purpose === 'TEXT_EMBEDDING'),
    problems,
    async add(candidate: Candidate, options: { mustBeUsable: boolean }): Promise<void> {
      try {
        const isFirst = models.length === 0
        const model = await resolveModel(candidate, { ...question, isFirst }, parts)
        if (model && !models.some(isSame(model))) models.push(model)
      } catch (error) {
        if (!(error instanceof ModelError)) throw error
        // An Ollama that is down is passed over; who is asked first must have settings that can be used.
        if (error.code === UNUSABLE && options.mustBeUsable) throw error
        problems.push(error)
      }
    },
  }
}

const isSame = (one: ResolvedModel) => (other: ResolvedModel) =>
  one.vendor.name === other.vendor.name &&
  one.model === other.model &&
  one.host === other.host &&
  one.account === other.account

/** Settings that name a vendor per purpose. */
const CHOOSERS: readonly string[] = [
  ...['TEXT_SMALL', 'TEXT_LARGE', 'TEXT_COMPLETION', 'REASONING_SMALL', 'REASONING_LARGE'],
  ...['OBJECT_SMALL', 'OBJECT_LARGE', 'IMAGE_DESCRIPTION'],
].map((type) => `${type}_VENDOR`)
