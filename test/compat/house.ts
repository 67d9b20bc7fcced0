import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Assembly, assemble } from '../../bin/assembly.ts'
import { guardPlugins } from '../../bin/guard-plugins.ts'
import type { HttpServer } from '../../bin/http-server.ts'
import { installTemporalRuntime, startApi, startWorker } from '../../bin/roles.ts'
import { migrate } from '../../database/migrate.ts'
import { openDatabase } from '../../database/open.ts'
import { createLogger } from '../../observability/log.ts'
import type { OpenedAgent } from '../../plugins/plugin-host.ts'
import { parseCharacter } from '../../schema/character.ts'
import type { LoadedConfig } from '../../schema/config.ts'
import { loadConfig } from '../../schema/load-config.ts'
import { startTestTemporal } from '../support/temporal.ts'
import { type StubVendor, startStubVendor } from './stub-vendor.ts'

/** A key that looks like none of ours: it must be seen nowhere. */
export const KEY = 'sk-compat-0123456789abcdef0123456789abcdef'

export interface CompatAgent extends OpenedAgent {
  readonly id: string
}

export interface CompatHouse {
  readonly stub: StubVendor
  readonly assembly: Assembly
  /** Of the API. */
  readonly url: string
  readonly dataDir: string
  /** The whole log so far. */
  log(): string
  /** An agent with packages of `node_modules`, by their names, started. */
  agent(plugins: readonly string[], more?: object): Promise<CompatAgent>
  close(): Promise<void>
}

/**
 * A house as `turnkeeper dev` has it, with everything in memory: real Temporal, PGlite, worker and API. Packages
 * are found from this folder, whose `node_modules` holds them as npm installed them.
 */
export async function openCompatHouse(): Promise<CompatHouse> {
  process.chdir(import.meta.dirname)
  const lines: string[] = []
  const logger = createLogger({
    ...{ level: 'debug', pretty: false, logContent: false, secrets: [] },
    sink: { write: (line) => void lines.push(line) },
  })
  installTemporalRuntime(logger)
  const dataDir = await mkdtemp(join(tmpdir(), 'turnkeeper-compat-'))
  const [stub, temporal, database] = await Promise.all([
    startStubVendor(),
    startTestTemporal(),
    openDatabase({ memory: true }),
  ])
  await migrate(database)
  const loaded = settings(dataDir)
  const assembly = await assemble({
    ...{ config: loaded.config, logger, database, hasWorker: true, elizaTypingMs: 0 },
    ...{ salt: randomBytes(32), temporalAddress: temporal.address },
  })
  const release = guardPlugins({ config: loaded.config, logger, house: assembly.house })
  const ending = new AbortController()
  const worker = await startWorker(assembly, loaded.config, ending.signal)
  assembly.sweep({ intervalMs: 2_000, graceMs: 5_000, startsWithAll: true })
  const server: HttpServer = await startApi(assembly, {
    ...{ loaded, uiUrl: undefined, environment: 'development', closing: ending.signal },
  })
  return {
    ...{ stub, assembly, url: server.url, dataDir },
    log: () => lines.join(''),
    agent: (plugins, more) => createAgent(assembly, stub, plugins, more),
    async close() {
      ending.abort()
      await server.close(500)
      await worker?.stop()
      await assembly.close()
      await release()
      await Promise.all([stub.close(), temporal.stop()])
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

/** Whatever the environment has: nothing of it counts. */
function settings(dataDir: string): LoadedConfig {
  return loadConfig({
    env: {
      SERVER_PORT: '0',
      TURNKEEPER_DATA_DIR: dataDir,
      TURNKEEPER_DRAIN_MS: '2000',
      LOG_LEVEL: 'debug',
    },
  })
}

async function createAgent(
  { agents, house }: Assembly,
  stub: StubVendor,
  plugins: readonly string[],
  { settings = {}, ...more }: { settings?: object } = {},
): Promise<CompatAgent> {
  const character = parseCharacter(
    {
      ...{ id: randomUUID(), name: 'Eve', bio: ['Eve knows much.'], ...more },
      ...{ plugins, secrets: { OPENAI_API_KEY: KEY } },
      settings: { OPENAI_BASE_URL: stub.url, requiredPlugins: [], ...settings },
    },
    'the character of the suite',
  )
  const { id, row } = await agents.create(character)
  await agents.setStatus(id, 'active')
  await agents.registry.get(id, row.updated_at.getTime())
  const opened = house.host.opened(id)
  if (!opened) throw new Error(`The plugins of '${id}' were not started.`)
  return { ...opened, id }
}
