import type { SettingMeta } from './config.ts'
import { isVendorChoice } from './model-choice.ts'
import { MODEL_PURPOSES, TEXT_PURPOSES } from './model-purposes.ts'
import { MODEL_VENDORS, modelNames, type VendorNames } from './model-vendors.ts'

/** A setting that chooses models. An agent may have its own, before the environment's. */
export interface ModelSetting extends SettingMeta {
  /** Shown also when it is not set. */
  readonly isMain?: boolean
  /** Whether a text may stand there; every text when absent. */
  readonly accepts?: (text: string) => boolean
}

interface NumberRule {
  readonly expected: string
  readonly min: number
  readonly max: number
  readonly isWhole?: boolean
}

const PENALTY: NumberRule = { min: -2, max: 2, expected: 'a number from -2 to 2' }
const SHARE: NumberRule = { min: 0, max: 1, expected: 'a number from 0 to 1' }
const TOKENS = { min: 1, max: 1_000_000, isWhole: true, expected: 'a whole number from 1' }

/** How answers are sampled, by the end of the setting's name. */
export const SAMPLING_RULES: Readonly<Record<string, NumberRule>> = {
  MAX_TOKENS: TOKENS,
  TEMPERATURE: { min: 0, max: 2, expected: 'a number from 0 to 2' },
  TOP_P: SHARE,
  TOP_K: TOKENS,
  MIN_P: SHARE,
  SEED: { min: 0, max: 2 ** 31 - 1, isWhole: true, expected: 'a whole number from 0' },
  REPETITION_PENALTY: { min: 0, max: 2, expected: 'a number from 0 to 2' },
  FREQUENCY_PENALTY: PENALTY,
  PRESENCE_PENALTY: PENALTY,
}

/** ElizaOS's older names, which hold for every type. */
export const OLD_SAMPLING_NAMES: Readonly<Record<string, string>> = {
  MAX_TOKENS: 'MODEL_MAX_TOKEN',
  TEMPERATURE: 'MODEL_TEMPERATURE',
  FREQUENCY_PENALTY: 'MODEL_FREQ_PENALTY',
  PRESENCE_PENALTY: 'MODEL_PRESENCE_PENALTY',
}

/** What an account may do, by the end of the setting's name. */
export const LIMIT_RULES: Readonly<Record<string, NumberRule & { readonly words: string }>> = {
  REQUESTS_PER_MINUTE: { ...TOKENS, words: 'Requests per minute, over all processes' },
  TOKENS_PER_MINUTE: {
    ...{ ...TOKENS, max: 1_000_000_000 },
    words: 'Tokens per minute, over all processes',
  },
  MAX_CONCURRENT: { ...TOKENS, max: 10_000, words: 'Calls at the same time per process' },
}

/** Undefined: not a number that the rule allows. Nothing is rounded. */
export function readNumber(text: string, rule: NumberRule): number | undefined {
  const number = /^[-+]?(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : Number.NaN
  const isInside = number >= rule.min && number <= rule.max
  return isInside && (!rule.isWhole || Number.isInteger(number)) ? number : undefined
}

const numeric = (env: string, rule: NumberRule, description: string): ModelSetting => ({
  ...{ env, description, expected: rule.expected },
  accepts: (text) => readNumber(text, rule) !== undefined,
})

const KIND_WORDS = {
  SMALL: 'TEXT_SMALL and OBJECT_SMALL',
  LARGE: 'TEXT_LARGE, OBJECT_LARGE and TEXT_COMPLETION',
  REASONING_SMALL: 'REASONING_SMALL',
  REASONING_LARGE: 'REASONING_LARGE',
  EMBEDDING: 'TEXT_EMBEDDING',
  IMAGE: 'IMAGE',
  IMAGE_DESCRIPTION: 'IMAGE_DESCRIPTION',
  TRANSCRIPTION: 'TRANSCRIPTION',
  TTS: 'TEXT_TO_SPEECH',
}

const isWebUrl = (text: string) => /^https?:$/.test(URL.parse(text)?.protocol ?? '')

const isFallbacks = (text: string) =>
  text.toLowerCase() === 'none' || text.split(',').every((each) => isVendorChoice(each.trim()))

const CHOICE = 'a vendor, or a vendor and its model like anthropic/claude-sonnet-5'

const all: readonly ModelSetting[] = [
  {
    env: 'MODEL_VENDOR',
    description:
      'Vendor that is asked first, or vendor/model. Per type: TEXT_LARGE_VENDOR and so on.',
    ...{ expected: CHOICE, isMain: true, accepts: isVendorChoice },
    unset: 'the first that has a key: anthropic, openrouter, openai, google, xai, groq',
  },
  {
    env: 'TURNKEEPER_MODEL_FALLBACKS',
    description:
      'Vendors, comma-separated, that answer when the first one fails; none: nobody does.',
    ...{ expected: `a list of ${CHOICE}, or none`, isMain: true, accepts: isFallbacks },
    unset: 'all others that have a key',
  },
  ...['SMALL', 'LARGE'].map((kind) => ({
    env: `${kind}_MODEL`,
    description: `Model that answers TEXT_${kind}, whichever vendor is asked.`,
    ...{ expected: 'the name of a model', isMain: true, unset: "the vendor's default" },
  })),
  ...MODEL_VENDORS.flatMap(vendorSettings),
  {
    env: 'TURNKEEPER_MODEL_PRICES',
    description: 'File with your own prices and context windows, which win over the built-in ones.',
    ...{ expected: 'a path', isMain: true, unset: 'the built-in list' },
  },
  ...MODEL_PURPOSES.map((type) => ({
    env: `${type}_VENDOR`,
    ...{ expected: CHOICE, accepts: isVendorChoice },
    description: `Vendor that is asked for ${type}, or vendor/model.`,
  })),
  ...samplingSettings(),
]

/** The environment's settings, in the order in which they are shown. Tokens that are counted are no secret. */
export const modelSettings: readonly ModelSetting[] = all.map((setting) => ({
  isSecret: false,
  ...setting,
}))

function vendorSettings(names: VendorNames): ModelSetting[] {
  const { label, prefix, keys, addresses, kinds } = names
  const isLocal = keys.length === 0
  return [
    ...keys.map((env, i) => ({
      ...{ env, expected: 'a key', isSecret: true, isMain: i === 0, unset: 'it is not asked' },
      description:
        i > 0
          ? `Same as ${keys[0]}.`
          : `Key of ${label}, or of the endpoint that ${addresses[0]} names.`,
    })),
    ...addresses.map((env, i) => ({
      ...{ env, accepts: isWebUrl, expected: 'an address that starts with http:// or https://' },
      isMain: i === 0 && (isLocal || prefix === 'OPENAI'),
      ...addressWords(names, i),
    })),
    ...kinds.flatMap((kind) =>
      modelNames(names, kind).map((env) => ({
        ...{ env, expected: 'the name of a model' },
        description: `${label}'s model for ${KIND_WORDS[kind]}.`,
      })),
    ),
    ...(kinds.includes('TTS')
      ? [{ env: `${prefix}_TTS_VOICE`, expected: 'a name', description: `${label}'s voice.` }]
      : []),
    ...Object.entries(LIMIT_RULES).map(([end, rule]) =>
      numeric(`${prefix}_${end}`, rule, `${rule.words}, at ${label}.`),
    ),
  ]
}

function addressWords({ label, prefix, addresses }: VendorNames, i: number) {
  if (i > 0) return { description: `Same as ${addresses[0]}.` }
  if (prefix === 'OLLAMA') {
    const unset = 'http://127.0.0.1:11434, looked for when nothing else is configured'
    return { description: 'Where Ollama answers.', unset }
  }
  const description = `Any endpoint that speaks as ${label} does. Counts as configured without a key.`
  return { description, unset: `${label}'s own` }
}

function samplingSettings(): ModelSetting[] {
  return Object.entries(SAMPLING_RULES).flatMap(([end, rule]) => {
    const old = OLD_SAMPLING_NAMES[end]
    return [
      ...TEXT_PURPOSES.map((type) => numeric(`${type}_${end}`, rule, `${end} of ${type}.`)),
      numeric(`DEFAULT_${end}`, rule, `${end} of every type that has none of its own.`),
      ...(old ? [numeric(old, rule, `Same as DEFAULT_${end}.`)] : []),
    ]
  })
}

/** The keys among the values of model settings, for what must not be logged. */
export const modelKeys = (values: Readonly<Record<string, string>>): readonly string[] =>
  modelSettings.flatMap(({ env, isSecret }) => (isSecret ? (values[env] ?? []) : []))
