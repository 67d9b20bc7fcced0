import { ModelError } from '../agent/errors.ts'
import type { ModelPurpose } from '../agent/models.ts'
import { isVendorChoice, splitChoice } from '../schema/model-choice.ts'
import { TEXT_PURPOSES } from '../schema/model-purposes.ts'
import { type ConfiguredVendor, configuredVendors, isBrought } from './configured-vendors.ts'
import { type FoundSetting, filled, type SettingValues } from './setting-values.ts'

/** A vendor that somebody has named. */
export interface ModelChoice {
  readonly vendor: string
  /** Only where it makes sense for the purpose. */
  readonly model?: string
  /** Where it was said, for errors. */
  readonly setting: string
  /** By the agent, not by the environment. */
  readonly isOwn: boolean
  /** Said for this purpose alone: then nobody else may stand in for it. */
  readonly isForPurpose: boolean
}

/** Purposes that any model that writes can serve. */
export const WRITING: ReadonlySet<ModelPurpose> = new Set(
  TEXT_PURPOSES.filter((purpose) => purpose !== 'IMAGE_DESCRIPTION'),
)

/** The members of `settings.model` that name models, per purpose. */
const MODEL_MEMBERS: Partial<Readonly<Record<ModelPurpose, 'small' | 'large' | 'embedding'>>> = {
  ...{ TEXT_SMALL: 'small', REASONING_SMALL: 'small', OBJECT_SMALL: 'small' },
  ...{ TEXT_LARGE: 'large', REASONING_LARGE: 'large', OBJECT_LARGE: 'large' },
  ...{ TEXT_COMPLETION: 'large', TEXT_EMBEDDING: 'embedding' },
}

/**
 * The vendor that is named for a purpose: by the agent for it, by the agent for all, by its
 * `settings.model`, then the same of the environment.
 *
 * @throws {ModelError} `model_not_configured`: there is no vendor of that name.
 */
export function namedVendor(purpose: ModelPurpose, values: SettingValues): ModelChoice | undefined {
  const names = [`${purpose}_VENDOR`, 'MODEL_VENDOR']
  const own = values.own(names)
  if (own) return choiceOf(own, purpose)
  const member = modelMember(purpose, values)
  if (member.vendor !== undefined) {
    const { model, setting } = member
    const { vendor } = splitVendor(member.vendor, setting)
    return { ...said(setting, true), vendor, ...(model && { model }) }
  }
  const outer = values.environment(names)
  return outer && choiceOf(outer, purpose)
}

interface ModelMember {
  readonly setting: string
  readonly vendor?: string
  readonly model?: string
}

/** `settings.model` of a character: `{ provider, small, large, embedding }`, `vendor/model`, or a model. */
export function modelMember(purpose: ModelPurpose, values: SettingValues): ModelMember {
  const { model: given } = values.raw
  const setting = 'settings.model'
  const text = filled(given)
  if (text !== undefined) {
    const { vendor, model } = isVendorAndModel(text, values) ? splitChoice(text) : { model: text }
    return { setting, ...(vendor && { vendor }), ...(model && WRITING.has(purpose) && { model }) }
  }
  if (typeof given !== 'object' || given === null) return { setting }
  const member = MODEL_MEMBERS[purpose]
  const members = new Map<string, unknown>(Object.entries(given))
  const vendor = filled(members.get('provider'))
  const model = member && filled(members.get(member))
  return { setting: `${setting}.provider`, ...(vendor && { vendor }), ...(model && { model }) }
}

/** `openai/gpt-oss-120b` is OpenAI's model, but where only Groq is asked it is what Groq calls its own. */
function isVendorAndModel(text: string, values: SettingValues): boolean {
  if (!isVendorChoice(text)) return false
  const { vendor, model } = splitChoice(text)
  const all = configuredVendors(values)
  const brought = all.filter(isBrought)
  const asked = brought.length > 0 ? brought : all
  const [first] = asked
  if (model === undefined || !first) return true
  return asked.some(({ names }) => names.vendor === vendor) || !sellsOthers(first)
}

/** Their models are called by their makers: `openai/…`, `anthropic/…`. */
const sellsOthers = ({ names, isElsewhere }: ConfiguredVendor) =>
  isElsewhere || names.vendor === 'openrouter' || names.vendor === 'groq'

/** Who answers when the first one fails. Undefined: whoever else is configured. An error: no such vendor. */
export function namedFallbacks(
  purpose: ModelPurpose,
  values: SettingValues,
): readonly (ModelChoice | ModelError)[] | undefined {
  const { modelFallbacks } = values.raw
  const listed = Array.isArray(modelFallbacks) ? modelFallbacks.join(',') : filled(modelFallbacks)
  const setting = 'TURNKEEPER_MODEL_FALLBACKS'
  const found =
    values.own([setting]) ??
    (listed === undefined
      ? values.environment([setting])
      : { name: 'modelFallbacks', text: listed, isOwn: true })
  if (!found) return undefined
  const names = found.text.split(',').flatMap((name) => name.trim() || [])
  if (names.length === 0 || names.join().toLowerCase() === 'none') return []
  return names.map((name) =>
    isVendorChoice(name)
      ? { ...said(found.name, found.isOwn), ...forPurpose(name, found.name, purpose) }
      : noVendor(name, found.name),
  )
}

function choiceOf({ name, text, isOwn }: FoundSetting, purpose: ModelPurpose): ModelChoice {
  const isForPurpose = name === `${purpose}_VENDOR`
  const split = isForPurpose ? splitVendor(text, name) : forPurpose(text, name, purpose)
  return { ...said(name, isOwn), ...split, isForPurpose }
}

const said = (setting: string, isOwn: boolean) => ({ setting, isOwn, isForPurpose: false })

/** A model that is named without its purpose is one that writes. */
function forPurpose(text: string, setting: string, purpose: ModelPurpose) {
  const { vendor, model } = splitVendor(text, setting)
  return { vendor, ...(model && WRITING.has(purpose) && { model }) }
}

function splitVendor(text: string, setting: string) {
  if (isVendorChoice(text)) return splitChoice(text)
  throw noVendor(text, setting)
}

const noVendor = (text: string, setting: string) =>
  new ModelError(
    `${setting} is '${text}', which names no vendor. Write one of anthropic, openrouter, openai, ` +
      'google, xai, groq, ollama, eliza, or plugin:<name>; a model may follow after a slash.',
    { code: 'model_not_configured', retryable: false },
  )
