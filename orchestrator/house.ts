import type { AssemblyInput } from '../bin/assembly.ts'
import { type Closers, createClosers } from '../bin/closers.ts'
import { openDataFolder } from '../bin/data-folder.ts'
import { drainTurns } from '../bin/drain-turns.ts'
import type { HttpServer } from '../bin/http-server.ts'
import { type Embedded, openEmbedded } from '../bin/open-embedded.ts'
import { installTemporalRuntime, startApi, startWorker } from '../bin/roles.ts'
import type { Logger } from '../observability/log.ts'
import { createLogger, type RootLogger } from '../observability/log.ts'
import type { LoadedConfig } from '../schema/config.ts'
import { modelKeys } from '../schema/model-settings.ts'
import { limitClients } from './client-rates.ts'
import { OrchestratorError } from './orchestrator-error.ts'

export interface HouseInput {
  readonly loaded: LoadedConfig
  /** Turns run in this process. */
  readonly hasWorker: boolean
  /** Of each client address, see `limitClients`. */
  readonly limitsClients: boolean
  readonly around: AssemblyInput['around']
  readonly globalService: AssemblyInput['globalService']
  /** The worker failed beyond repair, or something could not be closed. */
  onError(error: unknown, what: string): void
}

/** A house of its own, as `turnkeeper dev` has it, opened step by step. */
export interface House extends Embedded {
  readonly logger: RootLogger
  readonly closers: Closers
  /** Aborted when the house is closed: whoever waits for a turn stops waiting. */
  readonly closing: AbortSignal
  /** Runs turns, where this process does, and looks for those that nobody runs. Once. */
  work(): Promise<void>
  /** Serves the API. */
  serve(): Promise<HttpServer>
  /** Waits for running turns, closes everything, whatever fails. Safe to call twice. */
  close(): Promise<void>
}

export async function openHouse(input: HouseInput): Promise<House> {
  const logger = loggerOf(input.loaded)
  const closers = createClosers()
  const controller = new AbortController()
  const failed = (what: string, error: unknown) => {
    logger.error({ err: error }, what)
    input.onError(error, what)
  }
  const close = () => {
    controller.abort()
    return closers.close((name, error) => failed(`Could not close: ${name}`, error))
  }
  try {
    useTemporal(logger)
    const embedded = await openParts(input, logger, closers)
    const house = { ...embedded, logger, closers, closing: controller.signal, close }
    return { ...house, work: () => work(input, house, failed), serve: () => serve(input, house) }
  } catch (error) {
    await close()
    throw error
  }
}

async function openParts(input: HouseInput, logger: RootLogger, closers: Closers) {
  const { config } = input.loaded
  const isElsewhere = config.postgresUrl !== undefined && config.temporalAddress !== undefined
  const folder = isElsewhere ? undefined : await openDataFolder(config.dataDir)
  closers.add('data folder', () => folder?.release())
  const dataDir = folder?.path ?? config.dataDir
  const say = (line: string) => logger.info(line)
  return openEmbedded(
    { ...{ config, logger, closers, dataDir, say } },
    {
      hasWorker: input.hasWorker,
      elizaTypingMs: config.elizaTypingMs ?? 0,
      around: input.around,
      globalService: input.globalService,
    },
  )
}

type Opened = Pick<House, 'assembly' | 'closers' | 'closing' | 'logger' | 'uiUrl'>

async function work(
  { loaded: { config }, hasWorker }: HouseInput,
  { assembly, closers, closing }: Opened,
  failed: (what: string, error: unknown) => void,
): Promise<void> {
  const { sweepIntervalMs: intervalMs, graceMs, drainMs } = config
  if (hasWorker) {
    const worker = await startWorker(assembly, config, closing)
    if (!worker) throw new OrchestratorError('stopped', 'The system was stopped while it started.')
    closers.add('worker', () => worker.stop())
    closers.add('running turns', () => drainTurns(assembly.db, drainMs))
    worker.ended.catch((error: unknown) => failed('The worker ended.', error))
  }
  assembly.sweep({ intervalMs, graceMs, startsWithAll: hasWorker && !config.postgresUrl })
}

async function serve(input: HouseInput, opened: Opened): Promise<HttpServer> {
  const { loaded, limitsClients } = input
  const { assembly, closers, closing, uiUrl } = opened
  const server = await startApi(assembly, {
    ...{ loaded, uiUrl, closing },
    environment: loaded.config.postgresUrl ? 'production' : 'development',
    wrap: limitsClients ? limitClients : undefined,
  })
  closers.add('http', () => server.close(loaded.config.drainMs))
  opened.logger.info({ url: server.url }, `API on ${server.url}.`)
  return server
}

function loggerOf({ config }: LoadedConfig): RootLogger {
  return createLogger({
    level: config.logLevel,
    pretty: process.stderr.isTTY === true,
    logContent: config.logContent,
    secrets: [
      ...[config.authToken, config.secretSalt, config.postgresUrl].filter((s) => s !== undefined),
      ...modelKeys(config.modelSettings),
    ],
  })
}

/** One per process, and the program may have its own: then that one stays. */
function useTemporal(logger: Logger): void {
  try {
    installTemporalRuntime(logger)
  } catch (error) {
    logger.debug({ err: error }, "Temporal's runtime is installed already; it is used as it is.")
  }
}
