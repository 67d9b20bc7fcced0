import { ModelError } from '../agent/errors.ts'
import type { ModelChooser, ModelHandler, ModelPurpose } from '../agent/models.ts'
import { MODEL_VENDORS, modelNames, type VendorNames } from '../schema/model-vendors.ts'
import {
  type ConfiguredVendor,
  configuredVendors,
  isBrought,
  usualOllama,
} from './configured-vendors.ts'
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
  /** Why others who are named for that cannot be asked. */
  readonly problems: readonly ModelError[]
  /** Nobody may stand in when `first[0]` does not offer the purpose. */
  readonly isStrict: boolean
}

/** @throws {ModelError} `model_not_configured`: the settings name a vendor first that cannot be asked. */
export async function candidatesFor(
  purpose: ModelPurpose,
  { models }: Pick<ModelChooser, 'models'>,
  values: SettingValues,
  ollama: OllamaLookup,
): Promise<Candidates> {
  const vendors = configuredVendors(values)
  const handlers = models.filter((handler) => handler.purpose === purpose)
  const asked = { purpose, vendors, handlers, models }
  const choice = namedVendor(purpose, values)
  const chosen = choice && chosenBy(choice, asked)
  const plugins = handlers.map((handler) => ({ kind: 'plugin', handler }) as const)
  const usual: Candidate[] = [
    ...plugins.filter(({ handler }) => handler.priority >= 0),
    ...vendors.map((configured) => ({ kind: 'vendor', configured }) as const),
    ...plugins.filter(({ handler }) => handler.priority < 0),
  ]
  const first = choice && chosen ? inOrder(usual, chosen, choice) : usual
  return {
    first: first.length > 0 ? first : await whenNothingIsSet(purpose, ollama),
    ...fallbacksOf(namedFallbacks(purpose, values), asked),
    isStrict: choice?.isForPurpose === true,
  }
}

/** The environment's choice for all purposes: an agent that brings a vendor of its own has chosen itself. */
const isGeneral = ({ isOwn, isForPurpose }: ModelChoice) => !isOwn && !isForPurpose

/** Undefined: it is to be passed over. */
function chosenBy(choice: ModelChoice, asked: Asked): Candidate | undefined {
  const chosen = named(choice, asked)
  if (!(chosen instanceof ModelError)) return chosen
  if (isGeneral(choice) && asked.vendors.some(isBrought)) return undefined
  throw chosen
}

function inOrder(usual: readonly Candidate[], chosen: Candidate, choice: ModelChoice) {
  const isBroughtOne = (each: Candidate) => each.kind === 'vendor' && isBrought(each.configured)
  const others = usual.filter((each) => !isSameVendor(each, chosen))
  if (!isGeneral(choice)) return [chosen, ...others]
  if (isBroughtOne(chosen)) {
    return usual.map((each) => (isSameVendor(each, chosen) ? chosen : each))
  }
  const before = others.findLastIndex(isBroughtOne) + 1
  // Chosen to answer, not to stand in without a word for a vendor that is out.
  if (chosen.kind === 'eliza' && before > 0) return others
  return others.toSpliced(before, 0, chosen)
}

function fallbacksOf(choices: ReturnType<typeof namedFallbacks>, asked: Asked) {
  const all = choices?.map((each) => (each instanceof ModelError ? each : named(each, asked))) ?? []
  const isProblem = (each: (typeof all)[number]) => each instanceof ModelError
  const fallbacks = all.flatMap((each) => (each instanceof ModelError || !each ? [] : each))
  return { fallbacks: choices && fallbacks, problems: all.filter(isProblem) }
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
  /** For the purpose. */
  readonly handlers: ModelChooser['models']
  /** For all purposes. */
  readonly models: ModelChooser['models']
}

/** Undefined: a plugin that offers other purposes. An error: there is none that could be asked. */
function named(choice: ModelChoice, asked: Asked): Candidate | ModelError | undefined {
  const { vendor, setting, isForPurpose } = choice
  if (vendor === 'eliza') return { kind: 'eliza' }
  const isNamed = ({ plugin }: ModelHandler) => `plugin:${plugin}` === vendor
  const handler = asked.handlers.find(isNamed)
  if (handler) return { kind: 'plugin', handler }
  if (!isForPurpose && asked.models.some(isNamed)) return undefined
  const configured = asked.vendors.find(({ names }) => names.vendor === vendor)
  if (configured) return { kind: 'vendor', configured, choice }
  const local = vendor === 'ollama' ? usualOllama() : undefined
  if (local) return { kind: 'vendor', configured: local, choice }
  return notConfigured(`${setting} names ${whatIsMissing(vendor, asked.purpose)}`)
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
