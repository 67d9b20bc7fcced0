import { existsSync, readFileSync } from 'node:fs'
import type { LoadedConfig } from '../schema/config.ts'
import { loadConfig } from '../schema/load-config.ts'
import type { ElizaOSConfig } from './options.ts'
import { unsupported } from './orchestrator-error.ts'

type Names = Readonly<Record<string, string | undefined>>

/**
 * The configuration: constructor before environment before `.env` before default.
 * @throws {ConfigError} as `turnkeeper` does @throws {OrchestratorError} clustering without Postgres
 */
export function loadSettings(options: ElizaOSConfig, env: Names = process.env): LoadedConfig {
  const chosen = settingsOf(options)
  const loaded = loadConfig({ env: { ...env, ...chosen }, dotenv: dotenvWithout(chosen) })
  if (options.clustering && !loaded.config.postgresUrl) {
    throw unsupported(
      'clustering needs Postgres: the embedded database belongs to a single process.',
      'Give databaseAdapter a postgres:// address (or set POSTGRES_URL) and set SECRET_SALT, or leave clustering out.',
    )
  }
  return loaded
}

/** What the constructor chose, by its names in the environment. */
export function settingsOf(options: ElizaOSConfig): Names {
  const { serverConfig: server, resourceLimits: limits, debug, environment } = options
  const { cors } = server ?? {}
  const all: Names = {
    ...databaseOf(options),
    LOG_LEVEL: debug ? 'debug' : undefined,
    SERVER_PORT: server?.port === undefined ? undefined : String(server.port),
    SERVER_HOST: server?.host,
    CORS_ORIGIN: cors === true ? '*' : cors || undefined,
    TURNKEEPER_AGENT_TURNS: limits?.maxConcurrentRequests?.toString(),
    ...environment,
  }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
}

/** An empty value unsets: a folder was chosen, so no address of the environment counts. */
function databaseOf({ databaseAdapter }: ElizaOSConfig): Names {
  if (typeof databaseAdapter !== 'string') return {}
  if (/^postgres(ql)?:/.test(databaseAdapter)) return { POSTGRES_URL: databaseAdapter }
  return { POSTGRES_URL: '', TURNKEEPER_DATA_DIR: databaseAdapter }
}

/** Without the lines of what was chosen: an empty value would not hide them. */
function dotenvWithout(chosen: Names): string {
  const text = existsSync('.env') ? readFileSync('.env', 'utf8') : ''
  const isChosen = (line: string) => {
    const [, name = ''] = /^\s*(?:export\s+)?([\w.]+)\s*=/.exec(line) ?? []
    return name in chosen
  }
  return text
    .split('\n')
    .filter((line) => !isChosen(line))
    .join('\n')
}
