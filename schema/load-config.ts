import { parseEnv } from 'node:util'
import { z } from 'zod'
import { type ConfigEntry, configSchema, type LoadedConfig, type SettingSource } from './config.ts'
import { type ModelSetting, modelSettings } from './model-settings.ts'
import { nameWarnings, type Setting, type SettingKey, settings } from './setting-names.ts'

export interface ConfigInput {
  /** `process.env`, or what stands for it in a test. Empty values count as unset. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** The text of `.env`; absent when there is none. */
  readonly dotenv?: string
  /** Values of the command line by the flag's name, without dashes. */
  readonly flags?: Readonly<Record<string, string | undefined>>
  /**
   * Whether this process runs agents: then host and secret must be safe. Otherwise what would be
   * refused becomes a warning, so that `config` and `doctor` can show it.
   * @default true
   */
  readonly serves?: boolean
}

/** The configuration cannot be used. The message lists every problem, not only the first. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(`The configuration cannot be used:\n${problems.map((line) => `  - ${line}`).join('\n')}`)
    this.problems = problems
  }
}

interface Found {
  readonly text: string
  readonly source: Exclude<SettingSource, 'default'>
}
type Values = Readonly<Record<string, string>>
type FoundValues = ReadonlyMap<string, Found>

/**
 * Reads the configuration: flag before environment before `.env` before default.
 *
 * @throws {ConfigError} a value cannot be understood, or the values together are unsafe.
 */
export function loadConfig(input: ConfigInput): LoadedConfig {
  const { dotenv = '', serves = true } = input
  const found = findValues({
    flag: renamed(withoutEmpty(input.flags ?? {})),
    environment: withoutEmpty(input.env),
    '.env': withoutEmpty(parseEnv(dotenv)),
  })
  const parsed = configSchema.safeParse(textByKey(found))
  const unsafe = unsafeTogether(found)
  const wrong = modelSettings.filter((setting) => isWrong(setting, found))
  if (!parsed.success || wrong.length > 0) {
    const ofProcess = parsed.success ? [] : unreadable(parsed.error, found)
    throw new ConfigError([...ofProcess, ...wrong.map(unreadableIn(found)), ...unsafe])
  }
  if (serves && unsafe.length > 0) throw new ConfigError(unsafe)
  const temporalEnv = startingWith('TEMPORAL_', found)
  const characterEnv = startingWith('CHARACTER.', found)
  return {
    config: {
      ...parsed.data,
      ...{ temporalEnv, characterEnv, pluginEnv: foreign(found) },
      modelSettings: modelValues(found),
    },
    entries: entriesOf(found),
    warnings: [...nameWarnings([...found.keys()]), ...unsafe],
  }
}

/** Where a value came from, by its name in the environment. */
export function sourceOf(loaded: LoadedConfig, name: string): SettingSource {
  return loaded.entries.find((entry) => entry.name === name)?.source ?? 'default'
}

/** Every name that any source sets, with the value of the source that comes first. */
function findValues(sources: Record<Found['source'], Values>): FoundValues {
  const found = new Map<string, Found>()
  for (const source of ['.env', 'environment', 'flag'] as const) {
    for (const [name, text] of Object.entries(sources[source])) found.set(name, { text, source })
  }
  return found
}

/** Not what the process itself is set up with: its token, its database, its salt. */
function foreign(found: FoundValues): Values {
  const ours = settings.flatMap(({ key, env }) => (key ? [env] : []))
  const isOurs = (name: string) => ours.includes(name) || /^(TEMPORAL_|CHARACTER\.)/.test(name)
  return Object.fromEntries(
    [...found].flatMap(([name, { text }]) => (isOurs(name) ? [] : [[name, text]])),
  )
}

const startingWith = (prefix: string, found: FoundValues): Values =>
  Object.fromEntries(
    [...found].flatMap(([name, { text }]) => (name.startsWith(prefix) ? [[name, text]] : [])),
  )

function withoutEmpty(values: Readonly<Record<string, string | undefined>>): Values {
  const set = Object.entries(values).flatMap(([name, text]) => (text?.trim() ? [[name, text]] : []))
  return Object.fromEntries(set)
}

function renamed(flags: Values): Values {
  const named = settings.filter(({ flag }) => flag !== undefined && flag in flags)
  return Object.fromEntries(named.map(({ env, flag }) => [env, flags[flag ?? ''] ?? '']))
}

function textByKey(found: FoundValues): Partial<Record<SettingKey, string>> {
  return Object.fromEntries(
    settings.flatMap(({ key, env }) => (key ? [[key, found.get(env)?.text]] : [])),
  )
}

/** A value that is often pasted with a line break is kept without it. */
const modelValues = (found: FoundValues): Values =>
  Object.fromEntries(
    modelSettings.flatMap(({ env }) => {
      const text = found.get(env)?.text.trim()
      return text ? [[env, text]] : []
    }),
  )

function isWrong({ env, accepts }: ModelSetting, found: FoundValues): boolean {
  const text = found.get(env)?.text.trim()
  return text !== undefined && accepts?.(text) === false
}

function unreadable(error: z.ZodError, found: FoundValues): string[] {
  const wrong = new Set(error.issues.map((issue) => issue.path[0]))
  return settings.filter(({ key }) => wrong.has(key)).map(unreadableIn(found))
}

const unreadableIn = (found: FoundValues) => (setting: Setting) => {
  const { text = '', source = 'default' } = found.get(setting.env) ?? {}
  const value = `'${shown(setting.env, text, setting.isSecret)}'`
  return `${setting.env} is ${value} (${source}), expected ${setting.expected}.`
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/i

/** What each value allows and the values together do not. Works on texts, so it also runs on a bad configuration. */
function unsafeTogether(found: FoundValues): string[] {
  const text = (name: string) => found.get(name)?.text
  const problems: string[] = []
  const host = text('SERVER_HOST')
  if (host && !LOOPBACK.test(host) && !text('ELIZA_SERVER_AUTH_TOKEN')) {
    problems.push(
      `SERVER_HOST is '${host}', which others can reach, and there is no ELIZA_SERVER_AUTH_TOKEN: ` +
        'anybody there could drive your agents. Set a token, or use 127.0.0.1.',
    )
  }
  if (text('POSTGRES_URL') && !text('SECRET_SALT')) {
    problems.push(
      'POSTGRES_URL is set and SECRET_SALT is not: processes on different machines could not read ' +
        "each other's secrets. Set the same long random SECRET_SALT for all of them.",
    )
  }
  const throttleMs = Number(text('TURNKEEPER_HEARTBEAT_THROTTLE_MS') ?? 500)
  const timeoutMs = Number(text('TURNKEEPER_HEARTBEAT_TIMEOUT_MS') ?? 3000)
  if (throttleMs >= timeoutMs) {
    problems.push(
      `TURNKEEPER_HEARTBEAT_THROTTLE_MS (${throttleMs}) is not below TURNKEEPER_HEARTBEAT_TIMEOUT_MS ` +
        `(${timeoutMs}): every long step would count as dead. Leave room for several heartbeats.`,
    )
  }
  return problems
}

/** All settings, then what else is set for models and for Temporal. */
function entriesOf(found: FoundValues): ConfigEntry[] {
  const ours = new Set(settings.map(({ env }) => env))
  const ofModels = modelSettings.filter(({ env }) => found.has(env) && !ours.has(env))
  const temporal = [...found.keys()]
    .filter((name) => name.startsWith('TEMPORAL_') && !ours.has(name))
    .sort()
    .map((env) => ({ env, description: "Read by Temporal's own client.", isSecret: isSecret(env) }))
  return [...settings, ...ofModels, ...temporal].map((setting) => {
    const value = found.get(setting.env)
    return {
      name: setting.env,
      value: value ? shown(setting.env, value.text, setting.isSecret) : byDefault(setting),
      source: value?.source ?? 'default',
      description: setting.description,
      isSecret: setting.isSecret ?? false,
    }
  })
}

function byDefault(setting: Partial<Setting>): string {
  const schema = setting.key && configSchema.shape[setting.key]
  if (schema instanceof z.ZodPrefault) return String(schema.def.defaultValue) || '(none)'
  return `(${setting.unset ?? 'not set'})`
}

const isSecret = (name: string) =>
  /KEY|TOKEN|SECRET|AUTH|PASSWORD|GRPC_META/.test(name) && !name.endsWith('_PATH')

/** A value as it may be shown: secrets as asterisks of one length, addresses without their password. */
function shown(name: string, text: string, secret = isSecret(name)): string {
  if (secret) return '********'
  return text
    .replace(/(:\/\/[^/\s:@]*):[^/\s]*@/, '$1:********@')
    .replace(/([?&;\s](?:password|sslpassword|api[-_]?key|token)=)[^&\s]*/gi, '$1********')
}
