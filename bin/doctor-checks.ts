import { accessSync, constants, existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { apiAddress } from '../cli/api-address.ts'
import { createApi } from '../cli/api-client.ts'
import type { LoadedConfig } from '../schema/config.ts'
import { sourceOf } from '../schema/load-config.ts'
import { defaultCacheDir } from '../temporal/cache-dir.ts'
import { isPortFree } from '../temporal/free-port.ts'
import { findOnPath } from '../temporal/on-path.ts'

/** One line of `turnkeeper doctor`. */
export interface Finding {
  readonly name: string
  /** `warn`: it runs, but perhaps not as wished. `fail`: something will not run. */
  readonly state: 'ok' | 'warn' | 'fail'
  readonly message: string
  /** What to do about it. */
  readonly advice?: string
}

/** Everything that can be told without changing or downloading anything, in reading order. */
export async function examine(loaded: LoadedConfig): Promise<Finding[]> {
  const { examinePostgres, examineTemporal } = await import('./doctor-servers.ts')
  const { examineModels } = await import('./doctor-models.ts')
  const { config } = loaded
  // Before the port: that one is tried by listening on it, which would answer for the API.
  const reached = await api(loaded)
  const findings = await Promise.all([
    nodeVersion(),
    ...loaded.warnings.map((message): Finding => ({ name: 'settings', state: 'warn', message })),
    dataFolder(config.dataDir),
    port(loaded, reached.state === 'ok'),
    config.postgresUrl ? examinePostgres(config.postgresUrl) : embeddedDatabase(),
    config.temporalAddress ? examineTemporal(config) : temporalProgram(),
    reached,
    examineModels(config.modelSettings),
  ])
  return findings.flat()
}

const nodeVersion = (): Finding => ({
  name: 'node',
  state: 'ok',
  message: `Node ${process.version}`,
})

/** A folder that is not there yet will be made in the nearest one that is. */
function dataFolder(dataDir: string): Finding {
  const name = 'data folder'
  let folder = resolve(dataDir)
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder)
  try {
    accessSync(folder, constants.W_OK | constants.X_OK)
    return { name, state: 'ok', message: `'${dataDir}' can be written${holderOf(dataDir)}` }
  } catch {
    const advice = 'Make it writable, or name another one with TURNKEEPER_DATA_DIR.'
    return { name, state: 'fail', message: `'${folder}' cannot be written`, advice }
  }
}

/** Who works in the folder, as `data-folder.ts` writes it down. */
function holderOf(dataDir: string): string {
  try {
    const { pid }: { pid: number } = JSON.parse(readFileSync(join(dataDir, 'holder.json'), 'utf8'))
    process.kill(pid, 0)
    return `, and process ${pid} works in it`
  } catch {
    return '' // nobody does, or nobody has said so
  }
}

async function port(loaded: LoadedConfig, apiAnswers: boolean): Promise<Finding> {
  const { serverPort, serverHost } = loaded.config
  const name = 'port'
  if (await isPortFree(serverPort, serverHost)) {
    return { name, state: 'ok', message: `${serverPort} is free on ${serverHost}` }
  }
  const message = `${serverPort} is in use on ${serverHost}`
  if (apiAnswers) return { name, state: 'ok', message }
  if (sourceOf(loaded, 'SERVER_PORT') === 'default') {
    return { name, state: 'warn', message: `${message}; dev takes the next free one` }
  }
  const advice = 'Unless that is Turnkeeper itself, end it or set another SERVER_PORT.'
  return { name, state: 'warn', message, advice }
}

const embeddedDatabase = (): Finding => ({
  name: 'database',
  state: 'ok',
  message: 'POSTGRES_URL is not set: dev uses the embedded PGlite in the data folder',
})

/** Where the next `dev` gets its Temporal server from; nothing is fetched. */
async function temporalProgram(): Promise<Finding> {
  const name = 'temporal'
  const onPath = await findOnPath(process.env).catch(() => undefined)
  if (onPath) return { name, state: 'ok', message: `dev starts '${onPath}', found on the PATH` }
  const cache = join(defaultCacheDir(process.env), 'temporal')
  const cached =
    existsSync(cache) && readdirSync(cache).find((file) => file.startsWith('temporal-'))
  if (cached) return { name, state: 'ok', message: `dev starts '${join(cache, cached)}', cached` }
  return {
    name,
    state: 'warn',
    message: 'no Temporal server is on this machine yet: the first dev fetches one',
    advice: "It needs the network once. Without one, put the 'temporal' program on the PATH.",
  }
}

async function api({ config }: LoadedConfig): Promise<Finding> {
  const name = 'api'
  const address = apiAddress(config)
  try {
    await createApi(address).request('/api/agents')
    return { name, state: 'ok', message: `answers at ${address.baseUrl}` }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return { name, state: 'warn', message }
  }
}
