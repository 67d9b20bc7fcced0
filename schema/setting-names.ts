import { closest } from 'fastest-levenshtein'
import { configSchema, type SettingMeta, settingMeta } from './config.ts'
import { modelSettings } from './model-settings.ts'
import { MODEL_VENDORS } from './model-vendors.ts'
import { nearest } from './nearest.ts'

export type SettingKey = keyof typeof configSchema.shape

export interface Setting extends SettingMeta {
  /** Member of the configuration; those that choose models are kept by their names. */
  readonly key?: SettingKey
}

const ofProcess: readonly Setting[] = Object.entries(configSchema.shape).flatMap(
  ([key, schema]) => {
    const meta = settingMeta.get(schema)
    return meta ? [{ ...meta, key: key as SettingKey }] : [] // a key of the shape itself
  },
)

/** The setting that those of models stand before. */
const AFTER_MODELS = ofProcess.findIndex(({ env }) => env === 'ELIZA_TYPING_MS')

/** The settings that are always shown, in that order, with their words. */
export const settings: readonly Setting[] = [
  ...ofProcess.slice(0, AFTER_MODELS),
  ...modelSettings.filter(({ isMain }) => isMain),
  ...ofProcess.slice(AFTER_MODELS),
]

/** What `@temporalio/envconfig` and Temporal's own command line read, and its Worker Controller writes. */
const TEMPORAL_NAMES = [
  'TEMPORAL_ADDRESS',
  'TEMPORAL_NAMESPACE',
  'TEMPORAL_API_KEY',
  'TEMPORAL_CODEC_AUTH',
  'TEMPORAL_CODEC_ENDPOINT',
  'TEMPORAL_CONFIG_FILE',
  'TEMPORAL_DEPLOYMENT_NAME',
  'TEMPORAL_PROFILE',
  'TEMPORAL_TLS',
  'TEMPORAL_TLS_CLIENT_CERT_DATA',
  'TEMPORAL_TLS_CLIENT_CERT_PATH',
  'TEMPORAL_TLS_CLIENT_KEY_DATA',
  'TEMPORAL_TLS_CLIENT_KEY_PATH',
  'TEMPORAL_TLS_DISABLE_HOST_VERIFICATION',
  'TEMPORAL_TLS_SERVER_CA_CERT_DATA',
  'TEMPORAL_TLS_SERVER_CA_CERT_PATH',
  'TEMPORAL_TLS_SERVER_NAME',
  'TEMPORAL_WORKER_BUILD_ID',
]

/**
 * Names that mean nothing to anybody. Ours begin with `TURNKEEPER_`; among the others only a near slip
 * is reported, since Temporal and the vendors of models may learn new names before we do.
 */
export function nameWarnings(names: readonly string[]): string[] {
  const known = [...settings, ...modelSettings].map((setting) => setting.env)
  return names.flatMap((name) => {
    if (known.includes(name) || TEMPORAL_NAMES.includes(name)) return []
    const guess = guessOf(name, known)
    return guess ? [`${name} is not a setting and changes nothing. Did you mean ${guess}?`] : []
  })
}

function guessOf(name: string, known: readonly string[]): string | undefined {
  if (name.startsWith('TURNKEEPER_')) return closest(name, known)
  if (name.startsWith('TEMPORAL_')) return nearest(name, TEMPORAL_NAMES)
  const prefix = MODEL_PREFIXES.find((each) => name.startsWith(each))
  if (prefix === undefined || NAMES_OF_OTHERS.test(name)) return undefined
  return nearest(
    name,
    known.filter((each) => each.startsWith(prefix)),
  )
}

const MODEL_PREFIXES = [
  ...MODEL_VENDORS.map(({ prefix }) => `${prefix}_`),
  ...['GEMINI_', 'GROK_', 'MODEL_', 'TEXT_', 'OBJECT_', 'REASONING_'],
]

/** What the vendors' own programs read, though it looks like a slip of ours. */
const NAMES_OF_OTHERS =
  /^(OPENAI_API_BASE|OPENAI_ORG_\w+|OPENAI_EMBEDDING_\w+|OLLAMA_MODELS|OLLAMA_HOST)$/
