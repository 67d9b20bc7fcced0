import { migrate } from '../database/migrate.ts'
import { type OpenDatabase, openDatabase } from '../database/open.ts'
import type { RootLogger } from '../observability/log.ts'
import type { Config } from '../schema/config.ts'
import { type Assembly, type AssemblyInput, assemble } from './assembly.ts'
import type { Closers } from './closers.ts'
import { readOrCreateSecret } from './data-folder.ts'
import { closeGuarded, guardPlugins } from './guard-plugins.ts'
import { startEmbeddedTemporal } from './start-embedded.ts'

export interface EmbeddedInput {
  readonly config: Config
  readonly logger: RootLogger
  /** Gets what was opened, also when the rest fails. */
  readonly closers: Closers
  /** Its lock must be held. */
  readonly dataDir: string
  /** For a person who waits. */
  say(line: string): void
}

export interface Embedded {
  readonly assembly: Assembly
  readonly uiUrl: string | undefined
  /** Of the dev server; undefined when Temporal's own settings name another. */
  readonly temporalAddress: string | undefined
}

type More = Omit<AssemblyInput, 'config' | 'logger' | 'database' | 'salt' | 'temporalAddress'>

/**
 * A house of its own: database and Temporal in the data folder, or those that the configuration names.
 * Side by side: each takes a second or two.
 */
export async function openEmbedded(input: EmbeddedInput, more: More): Promise<Embedded> {
  const { config, closers, logger, dataDir } = input
  const [database, temporal] = await Promise.all([openMigrated(input), openTemporal(input)])
  const assembly = await assemble({
    ...more,
    ...{ config, logger, database },
    salt: config.secretSalt ?? (await readOrCreateSecret(dataDir)),
    temporalAddress: temporal?.address,
  })
  closeGuarded(closers, assembly.close, () =>
    guardPlugins({ config, logger, house: assembly.house }),
  )
  const uiUrl = config.temporalUiUrl ?? temporal?.uiUrl
  return { assembly, uiUrl, temporalAddress: temporal?.address }
}

async function openMigrated({ config, closers, dataDir }: EmbeddedInput): Promise<OpenDatabase> {
  const { postgresUrl, postgresPool: poolSize } = config
  const database = await openDatabase(postgresUrl ? { postgresUrl, poolSize } : { dataDir })
  closers.add('database', () => database.close())
  await migrate(database)
  return database
}

async function openTemporal({ config, closers, dataDir, logger, say }: EmbeddedInput) {
  if (config.temporalAddress) return undefined
  const server = await startEmbeddedTemporal({ dataDir, env: process.env, logger, say })
  closers.add('temporal', () => server.stop())
  return server
}
