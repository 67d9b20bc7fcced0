import { UsageError } from '../cli/arguments.ts'
import type { CommandInput } from '../cli/command.ts'
import { migrate } from '../database/migrate.ts'
import { openDatabase } from '../database/open.ts'
import { createLogger, type RootLogger } from '../observability/log.ts'
import { modelKeys } from '../schema/model-settings.ts'
import { type Assembly, assemble } from './assembly.ts'
import { type Closers, createClosers } from './closers.ts'
import { closeGuarded, guardPlugins } from './guard-plugins.ts'
import { installTemporalRuntime } from './roles.ts'
import { listenForShutdown, type ShutdownRequest } from './shutdown.ts'

export interface ProductionProcess {
  readonly assembly: Assembly
  readonly logger: RootLogger
  readonly closers: Closers
  readonly shutdown: ShutdownRequest
}

/** What `api` and `worker` share: Postgres, Temporal by its own settings, logs on stderr. */
export async function openProduction(
  { config, io }: CommandInput,
  role: 'api' | 'worker',
): Promise<ProductionProcess> {
  const { postgresUrl, secretSalt } = config
  if (!postgresUrl || !secretSalt) {
    throw new UsageError(
      `'${role}' needs POSTGRES_URL and SECRET_SALT: processes that work together share one Postgres, ` +
        'and the embedded database belongs to a single process. Set them, or run `turnkeeper dev`.',
    )
  }
  const logger = createLogger({
    level: config.logLevel,
    pretty: io.stderr.isTTY === true,
    logContent: config.logContent,
    secrets: [
      ...[config.authToken, secretSalt, postgresUrl].filter((s) => s !== undefined),
      ...modelKeys(config.modelSettings),
    ],
  })
  installTemporalRuntime(logger)
  const closers = createClosers()
  const database = await openDatabase({ postgresUrl, poolSize: config.postgresPool })
  closers.add('database', () => database.close())
  await migrate(database)
  const assembly = await assemble({
    config,
    logger,
    database,
    salt: secretSalt,
    hasWorker: role === 'worker',
    elizaTypingMs: config.elizaTypingMs ?? 0,
  })
  closeGuarded(closers, assembly.close, () =>
    guardPlugins({ config, logger, house: assembly.house }),
  )
  return { assembly, logger, closers, shutdown: listenForShutdown() }
}
