/**
 * ElizaOS's own runtime, with its own database, in a process of its own: its packages find nothing of ours but the
 * stub vendor. Prints one JSON object as its last line.
 *
 * Usage: node upstream-process.ts probes|tests
 */
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ElizaPlugin } from '../../plugins/contract.ts'
import { suitesOf } from '../../plugins/load/run-suites.ts'
import { runProbes } from './bootstrap-probes.ts'
import type { ProbedRuntime } from './scene.ts'
import { type StubVendor, startStubVendor } from './stub-vendor.ts'
import { runUpstreamTests } from './suite-results.ts'

process.chdir(import.meta.dirname)
const dataDir = await mkdtemp(join(tmpdir(), 'turnkeeper-upstream-'))
process.env.PGLITE_DATA_DIR = dataDir
process.env.LOG_LEVEL = 'fatal'
const stub = await startStubVendor()

interface UpstreamRuntime extends ProbedRuntime {
  initialize(): Promise<void>
}
interface Core {
  readonly AgentRuntime: new (options: object) => UpstreamRuntime
}

interface Sql {
  createDatabaseAdapter(config: object, agentId: string): { init(): Promise<void>; db: unknown }
  readonly DatabaseMigrationService: new () => {
    initializeWithDatabase(db: unknown): Promise<void>
    discoverAndRegisterPluginSchemas(plugins: readonly ElizaPlugin[]): void
    runAllPluginMigrations(): Promise<void>
  }
}

/** By name: they are no dependency of the project. */
const imported = <T>(name: string): Promise<T> => import(name)
const pluginOf = async (name: string) => (await imported<{ default: ElizaPlugin }>(name)).default

/** As ElizaOS's server does before it starts an agent. */
async function openDatabase(agentId: string, plugins: readonly ElizaPlugin[]): Promise<object> {
  const sql = await imported<Sql>('@elizaos/plugin-sql')
  const adapter = sql.createDatabaseAdapter({ dataDir }, agentId)
  await adapter.init()
  const migrations = new sql.DatabaseMigrationService()
  await migrations.initializeWithDatabase(adapter.db)
  migrations.discoverAndRegisterPluginSchemas(plugins)
  await migrations.runAllPluginMigrations()
  return adapter
}

async function startRuntime(names: readonly string[], from: StubVendor): Promise<UpstreamRuntime> {
  const { AgentRuntime } = await imported<Core>('@elizaos/core')
  const plugins = await Promise.all(['@elizaos/plugin-sql', ...names].map(pluginOf))
  const character = {
    ...{ id: randomUUID(), name: 'Eve', bio: ['Eve knows much.'], plugins: [] },
    settings: { OPENAI_BASE_URL: from.url, secrets: { OPENAI_API_KEY: 'sk-upstream' } },
  }
  const adapter = await openDatabase(character.id, plugins)
  const runtime = new AgentRuntime({ character, plugins, adapter })
  await runtime.initialize()
  return runtime
}

async function probes(): Promise<unknown> {
  const names = ['@elizaos/plugin-openai', '@elizaos/plugin-bootstrap']
  return runProbes(await startRuntime(names, stub), stub)
}

async function tests(): Promise<unknown> {
  const results: Record<string, unknown> = {}
  for (const name of ['@elizaos/plugin-openai', '@elizaos/plugin-knowledge']) {
    const names = [...new Set(['@elizaos/plugin-openai', name])]
    const suites = suitesOf(await pluginOf(name))
    results[name] = await runUpstreamTests(suites, () => startRuntime(names, stub))
  }
  return results
}

const result = await (process.argv[2] === 'tests' ? tests() : probes())
await rm(dataDir, { recursive: true, force: true })
process.stdout.write(`\n${JSON.stringify(result)}\n`, () => process.exit(0))
