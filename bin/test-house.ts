import { randomBytes, randomUUID } from 'node:crypto'
import { migrate } from '../database/migrate.ts'
import { openDatabase } from '../database/open.ts'
import type { RootLogger } from '../observability/log.ts'
import { guardProcess } from '../plugins/host/guard-process.ts'
import type { TestAgent } from '../plugins/load/run-suites.ts'
import { TEST_MODELS } from '../plugins/load/test-models.ts'
import type { LoadedPlugin } from '../plugins/plugin-host.ts'
import { parseCharacter } from '../schema/character.ts'
import type { Config } from '../schema/config.ts'
import { type Assembly, assemble } from './assembly.ts'

export interface TestHouse {
  /** @throws the tested plugin cannot be started */
  openTestAgent(tested: LoadedPlugin): Promise<TestAgent>
  close(): Promise<void>
}

/** Nobody listens there: no test reaches the Temporal that the environment names. */
const NO_TEMPORAL = '127.0.0.1:1'

/**
 * A house in memory for the tests of a plugin: each agent is new and has the plugins; our own models are the
 * built-in ELIZA and vectors made of words. There is no Temporal, so messages are accepted and not answered.
 */
export async function openTestHouse(
  config: Config,
  logger: RootLogger,
  plugins: readonly LoadedPlugin[],
): Promise<TestHouse> {
  const database = await openDatabase({ memory: true })
  await migrate(database)
  const models = { plugin: TEST_MODELS, version: null, folder: null }
  const assembly = await assemble({
    ...{ logger, database, hasWorker: false, elizaTypingMs: 0 },
    config: { ...config, postgresUrl: undefined, modelSettings: STUB_MODELS, budgets: [] },
    salt: randomBytes(32),
    temporalAddress: NO_TEMPORAL,
    globalPlugins: [...plugins, models].map((loaded) => ({ ...loaded, asked: loaded.plugin.name })),
  })
  const release = guardProcess(assembly.house.host.noteStray)
  return {
    openTestAgent: (tested) => openAgent(assembly, tested),
    async close() {
      await assembly.close()
      release()
    },
  }
}

/** Whatever keys the environment has. */
const STUB_MODELS = { MODEL_VENDOR: 'eliza', TEXT_EMBEDDING_VENDOR: `plugin:${TEST_MODELS.name}` }

async function openAgent({ agents, house }: Assembly, tested: LoadedPlugin): Promise<TestAgent> {
  const character = parseCharacter(
    { id: randomUUID(), name: 'Tester', bio: ['Tries plugins.'], settings: {} },
    'the character of tests',
  )
  const { id, row } = await agents.create(character)
  await agents.setStatus(id, 'active')
  // Building it starts its plugins.
  await agents.registry.get(id, row.updated_at.getTime())
  const opened = house.host.opened(id)
  const own = opened?.report.find(({ name }) => name === tested.plugin.name)
  if (!opened || own?.state !== 'loaded') {
    throw new Error(own?.reason ?? 'its plugins were not started')
  }
  return { runtime: opened.runtime, close: () => house.host.close(id) }
}
