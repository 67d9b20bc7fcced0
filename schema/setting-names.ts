import { closest } from 'fastest-levenshtein'
import { configSchema, type SettingMeta, settingMeta } from './config.ts'
import { nearest } from './nearest.ts'

export type SettingKey = keyof typeof configSchema.shape

/** Every setting with its words, in the order in which they are shown. */
export const settings: readonly (SettingMeta & { readonly key: SettingKey })[] = Object.entries(
  configSchema.shape,
).flatMap(([key, schema]) => {
  const meta = settingMeta.get(schema)
  return meta ? [{ ...meta, key: key as SettingKey }] : [] // a key of the shape itself
})

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
 * Names that mean nothing to anybody. Ours begin with `TURNKEEPER_`; among the others only a slip of
 * a Temporal name is reported, since Temporal may learn new ones before we do.
 */
export function nameWarnings(names: readonly string[]): string[] {
  const known = settings.map((setting) => setting.env)
  return names.flatMap((name) => {
    if (known.includes(name) || TEMPORAL_NAMES.includes(name)) return []
    const guess = guessOf(name, known)
    return guess ? [`${name} is not a setting and changes nothing. Did you mean ${guess}?`] : []
  })
}

function guessOf(name: string, known: readonly string[]): string | undefined {
  if (name.startsWith('TURNKEEPER_')) return closest(name, known)
  return name.startsWith('TEMPORAL_') ? nearest(name, TEMPORAL_NAMES) : undefined
}
