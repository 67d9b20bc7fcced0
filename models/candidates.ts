import { ModelError } from '../agent/errors.ts'
import type { ModelChooser, ModelPurpose } from '../agent/models.ts'
import { MODEL_VENDORS, modelNames, type VendorNames } from '../schema/model-vendors.ts'
import { type ConfiguredVendor, configuredVendors, usualOllama } from './configured-vendors.ts'
import { type ModelChoice, namedFallbacks, namedVendor, WRITING } from './model-choice.ts'
import type { OllamaLookup } from './ollama-lookup.ts'
import type { Candidate } from './resolve-model.ts'
import type { SettingValues } from './setting-values.ts'
import { KINDS_OF } from './vendors.ts'

/** Who may be asked for a purpose, in order. */
export interface Candidates {
  /** The first of these that offers the purpose is asked first. */
  readonly first: readonly Candidate[]
  /** Who answers when that one fails; undefined: the rest of `first`. */
  readonly fallbacks: readonly Candidate[] | undefined
  /** Nobody may stand in when `first[0]` does not offer the purpose. */
  readonly isStrict: boolean
}

/** @throws {ModelError} `model_not_configured`: the settings name a vendor that cannot be asked. */
export async function candidatesFor(
  purpose: ModelPurpose,
  { models }: Pick<ModelChooser, 'models'>,
  values: SettingValues,
  ollama: OllamaLookup,
): Promise<Candidates> {
  const vendors = configuredVendors(values)
  const handlers = models.filter((handler) => handler.purpose === purpose)
  const asked = { purpose, vendors, handlers }
  const choice = namedVendor(purpose, values)
  const chosen = choice && named(choice, asked)
  const plugins = handlers.map((handler) => ({ kind: 'plugin', handler }) as const)
  const usual: Candidate[] = [
    ...plugins.filter(({ handler }) => handler.priority >= 0),
    ...vendors.map((configured) => ({ kind: 'vendor', configured }) as const),
    ...plugins.filter(({ handler }) => handler.priority < 0),
  ]
  const first = chosen ? [chosen, ...usual.filter((each) => !isSameVendor(each, chosen))] : usual
  return {
    first: first.length > 0 ? first : await whenNothingIsSet(purpose, ollama),
    fallbacks: namedFallbacks(purpose, values)?.map((each) => named(each, asked)),
    isStrict: choice?.isForPurpose === true,
  }
}

const isSameVendor = (one: Candidate, other: Candidate): boolean => {
  if (one.kind === 'vendor') return other.kind === 'vendor' && one.configured === other.configured
  return one.kind === 'plugin' && other.kind === 'plugin' && one.handler === other.handler
}

/** An Ollama that runs beside us; else the built-in ELIZA, which only writes. */
async function whenNothingIsSet(purpose: ModelPurpose, ollama: OllamaLookup): Promise<Candidate[]> {
  const configured = usualOllama()
  const models = configured && (await ollama())
  return [
    ...(configured && models?.length ? [{ kind: 'vendor', configured } as const] : []),
    ...(WRITING.has(purpose) && !models?.length ? [{ kind: 'eliza' } as const] : []),
  ]
}

interface Asked {
  readonly purpose: ModelPurpose
  readonly vendors: readonly ConfiguredVendor[]
  readonly handlers: ModelChooser['models']
}

function named(choice: ModelChoice, asked: Asked): Candidate {
  const { vendor, setting } = choice
  if (vendor === 'eliza') return { kind: 'eliza' }
  const handler = asked.handlers.find(({ plugin }) => `plugin:${plugin}` === vendor)
  if (handler) return { kind: 'plugin', handler }
  const configured = asked.vendors.find(({ names }) => names.vendor === vendor)
  if (configured) return { kind: 'vendor', configured, choice }
  const local = vendor === 'ollama' ? usualOllama() : undefined
  if (local) return { kind: 'vendor', configured: local, choice }
  throw notConfigured(`${setting} names ${whatIsMissing(vendor, asked.purpose)}`)
}

function whatIsMissing(vendor: string, purpose: ModelPurpose): string {
  const names = MODEL_VENDORS.find((each) => each.vendor === vendor)
  if (names)
    return `${names.label}, and ${names.keys[0]} is not set. Set it, or name another vendor.`
  return `'${vendor}', and the agent has no such plugin that answers ${purpose}. Name another vendor.`
}

/** Nobody offers a purpose: says what would change that. */
export function nobodyOffers(purpose: ModelPurpose, { first, isStrict }: Candidates): ModelError {
  const [kind] = KINDS_OF[purpose]
  const able = MODEL_VENDORS.filter(
    ({ kinds, keys }) => kind && kinds.includes(kind) && keys.length,
  )
  const keys = able.map((names) => names.keys[0]).join(', ')
  const [chosen] = first
  if (isStrict && chosen?.kind === 'vendor') {
    const { label } = chosen.configured.names
    return notConfigured(
      `${purpose}_VENDOR names ${label}, which offers no ${purpose} here. Name another: ${keys}.`,
    )
  }
  const elsewhere = first.flatMap((candidate) =>
    candidate.kind === 'vendor' && kind ? settingAt(candidate.configured, kind) : [],
  )
  const orModel = elsewhere.length > 0 ? `, or name the model: ${elsewhere.join(', ')}` : ''
  return notConfigured(`No model is configured for ${purpose}. Set one of ${keys}${orModel}.`)
}

const settingAt = (
  { names, isElsewhere }: ConfiguredVendor,
  kind: VendorNames['kinds'][number],
): readonly string[] =>
  (isElsewhere || names.vendor === 'ollama') && names.kinds.includes(kind)
    ? modelNames(names, kind).slice(0, 1)
    : []

const notConfigured = (message: string) =>
  new ModelError(message, { code: 'model_not_configured', retryable: false })
