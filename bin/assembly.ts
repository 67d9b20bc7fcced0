import { ConnectorError, ModelError } from '../agent/errors.ts'
import { DEFAULT_SENDING } from '../agent/outbox.ts'
import type { Plugin } from '../agent/plugin.ts'
import type { Connectors, LoggedTurn, Ports, StepLog } from '../agent/ports.ts'
import type { OpenDatabase } from '../database/open.ts'
import type { SharedRateLimits } from '../limits/rates.ts'
import { createModelRouter } from '../models/router.ts'
import type { RootLogger } from '../observability/log.ts'
import type { NamedPlugin } from '../plugins/host/load-plugins.ts'
import type { PluginHost } from '../plugins/plugin-host.ts'
import type { Config } from '../schema/config.ts'
import type { HeadTurn } from '../schema/turn.ts'
import { createInProcessStream } from '../streams/in-process.ts'
import { createPostgresStream } from '../streams/postgres.ts'
import type { TurnStream } from '../streams/turn-stream.ts'
import { connectTemporal } from '../temporal/connection.ts'
import { runSweeper, type SweeperSettings } from '../workers/sweeper.ts'
import { createAgentPlaces } from './agent-places.ts'
import { createAgentRelay } from './agent-relay.ts'
import { type AgentStore, createAgentStore } from './agent-store.ts'
import type { Around } from './api/around.ts'
import type { ApiParts } from './api/parts.ts'
import { type Background, createBackground } from './background.ts'
import { type AgentFollower, createAgentFollower } from './follow-agents.ts'
import { createForeignPlugins } from './foreign-plugins.ts'
import { createMediaFetcher } from './media-fetch.ts'
import { createModelLimits } from './model-limits.ts'
import { tellingOfModels } from './model-used.ts'
import type { PluginHouse } from './plugin-house.ts'
import { createPorts, reachable } from './ports.ts'
import { createSecretBox } from './secrets.ts'
import { createSweeperPorts } from './sweeper-ports.ts'
import type { TaskHouse } from './task-house.ts'
import { createTemporalLink, type TemporalLink } from './temporal-link.ts'
import { createTurnControl } from './turn-control.ts'
import { workerVersion } from './worker-version.ts'

/** Everything a process holds, whatever its role. */
export interface Assembly extends ApiParts {
  readonly log: RootLogger
  readonly database: OpenDatabase
  readonly stream: TurnStream
  readonly agents: AgentStore
  readonly ports: Ports
  readonly rates: Pick<SharedRateLimits, 'use'>
  readonly temporal: TemporalLink
  /** Foreign plugins of the agents of this process. */
  readonly house: PluginHouse
  readonly plugins: Pick<PluginHost, 'opened'>
  readonly follower: AgentFollower
  /** Keeps the plugins of this process with the agents' rows, until `signal` is aborted or it is closed. */
  follow(signal: AbortSignal): void
  /** Sweeps until the assembly is closed. */
  sweep(settings: SweeperSettings): void
  close(): Promise<void>
}

export interface AssemblyInput {
  readonly config: Config
  readonly logger: RootLogger
  readonly database: OpenDatabase
  /** Seals the secrets of characters. */
  readonly salt: string | Buffer
  /** Of a dev server of ours; else Temporal's own settings decide. */
  readonly temporalAddress?: string
  /** This process runs a Worker. */
  readonly hasWorker: boolean
  readonly elizaTypingMs: number
  /** @default none: our own clients need none */
  readonly connectors?: Connectors
  /** Members that every agent has besides the core plugin's. */
  readonly plugins?: readonly Plugin[]
  /** Foreign plugins of every agent. @default none */
  readonly globalPlugins?: readonly NamedPlugin[]
  /** Stands around every message that comes in through this process. @default nothing does */
  readonly around?: Around
  /** Services that a program shares with its agents, by type. @default none */
  readonly globalService?: (type: string) => unknown
  /** Stands between the steps and the world: the crash tests stop a process at any call of a port. */
  readonly intercept?: (ports: Ports) => Ports
}

/** Agents that talk to each other wait less than a person notices: every second, by default. */
const RELAYS_PER_SWEEP = 5

/** Chat platforms join with their connectors; our own clients need none. */
const NO_CONNECTORS: Connectors = { for: () => undefined }

export async function assemble(input: AssemblyInput): Promise<Assembly> {
  const { config, database, logger } = input
  const log = stepLog(logger, config.logContent)
  const stream = await openStream(input)
  const agents = agentsOf(input, (agent) => house.members(agent))
  const temporal = linkTemporal(input)
  const models = createModelRouter({ ...config, elizaTypingMs: input.elizaTypingMs })
  const { db } = database
  const places = createAgentPlaces({
    ...{ db, log, most: config.agentTurns },
    start: async (head: HeadTurn) => void (await temporal.startTurn(head)),
  })
  const limits = createModelLimits(db, config, logger)
  const given = {
    db,
    agents: reachable(agents.registry),
    models,
    ...{ breakers: limits.breakers, rates: limits.rates, stream },
    ...configuredPorts(config),
    connectors: input.connectors ?? NO_CONNECTORS,
    log,
  }
  const { intercept = (real) => real } = input
  const { house, tasks } = createForeignPlugins({
    ...{ ...input, db, foreign: database.foreign, stream, temporal, agents },
    ...{ ports: () => ports, parts: () => parts },
  })
  const made = createPorts({
    ...given,
    ...{ turnEvents: house.turnEvents, tasks: tasks.tasks, tasksChanged: tasks.changed },
    startHead: places.startHead,
    startDelivery: (room) => temporal.startDelivery(room),
  })
  const ledger = tellingOfModels(made.ledger, { house, turns: made.turns, log })
  const ports: Ports = intercept({ ...made, ledger })
  const background = createBackground()
  const { startHead: start } = ports
  const control = createTurnControl({ db, stream, temporal, background, log, startHead: start })
  const { turnDeadlineMs, sweepIntervalMs } = config
  const { stopped } = background
  const follower = createAgentFollower({ db, agents, host: house.host, log: logger, stopped })
  const parts = { db, log: logger, turnDeadlineMs, ...control, around: input.around }
  return {
    ...{ ...parts, database, stream, agents, ports, temporal, house, plugins: house.host },
    log: logger,
    rates: limits.rates,
    follower,
    follow: (signal) => background.add(follower.run(sweepIntervalMs, signal), () => undefined),
    sweep: (settings) => {
      const runs = input.hasWorker ? tasks : undefined
      startLoops({ parts, places, database, temporal, ports, log, background, runs }, settings)
    },
    close: async () => {
      // What uses something before what it uses.
      for (const stop of [background.stop, house.close]) await stop()
      for (const open of [limits, stream, temporal, database]) await open.close()
    },
  }
}

type OpenPlugins = Parameters<typeof createAgentStore>[0]['openPlugins']

const agentsOf = (
  { config, database, logger, plugins = [], salt }: AssemblyInput,
  openPlugins: OpenPlugins,
): AgentStore =>
  createAgentStore({
    ...{ db: database.db, plugins, openPlugins, box: createSecretBox(salt) },
    characterEnv: config.characterEnv,
    onSecrets: logger.addSecrets,
  })

/** What of the ports is nothing but settings. */
const configuredPorts = (config: Config) => ({
  ...{ budgets: config.budgets, decision: config.decision },
  multiStep: { isOn: config.useMultiStep },
  media: createMediaFetcher({ allowedHosts: config.mediaHosts }),
  sending: { ...DEFAULT_SENDING, unknownSends: config.unknownSends },
  deadlines: { turnMs: config.turnDeadlineMs, approvalMs: config.approvalDeadlineMs },
})

interface LoopParts extends Pick<Assembly, 'database' | 'temporal' | 'ports'> {
  readonly parts: ApiParts
  readonly places: ReturnType<typeof createAgentPlaces>
  readonly log: StepLog
  readonly background: Background
  /** In processes with a Worker. */
  readonly runs: Pick<TaskHouse, 'run'> | undefined
}

/** What a process looks after besides its turns, until it ends. */
function startLoops(loops: LoopParts, settings: SweeperSettings): void {
  const { parts, places, log, background } = loops
  const { stopped } = background
  const { turnDeadlineMs } = parts
  const add = (loop: Promise<void>, words: string) =>
    background.add(loop, (error) => log.warn(undefined, words, error))
  const relay = createAgentRelay(parts)
  add(relay.run(settings.intervalMs / RELAYS_PER_SWEEP, stopped), 'Agents hear each other no more')
  add(places.run(stopped), 'Nobody looks for free places')
  const { startsWithAll, intervalMs } = settings
  const runs = loops.runs?.run(stopped, { startsWithAll, intervalMs })
  if (runs) add(runs, 'Nobody looks after tasks')
  add(
    runSweeper(createSweeperPorts({ ...loops, turnDeadlineMs }), settings, stopped),
    'Sweeper ended',
  )
}

function openStream({ database, config, logger }: AssemblyInput): Promise<TurnStream> | TurnStream {
  if (!database.pool || !config.postgresUrl) return createInProcessStream()
  const onError = (error: unknown) =>
    logger.warn({ err: error }, 'The turn stream lost Postgres for a while.')
  return createPostgresStream({ pool: database.pool, connect: config.postgresUrl, onError })
}

function linkTemporal({ config, temporalAddress, hasWorker, logger }: AssemblyInput): TemporalLink {
  const connect = () => connectTemporal({ env: config.temporalEnv, address: temporalAddress })
  const version = hasWorker ? workerVersion(config) : undefined
  return createTemporalLink(connect, {
    namespace: config.temporalNamespace ?? 'default',
    taskQueue: config.taskQueue,
    workflowTaskTimeoutMs: config.workflowTaskTimeoutMs,
    heartbeatTimeoutMs: config.heartbeatTimeoutMs,
    isEager: hasWorker,
    version,
    onStanding: (standing) => logger.info(version, NEW_TURNS[standing]),
  })
}

const NEW_TURNS = {
  current: 'New turns go to this build.',
  other: 'New turns do not go to this build, or not all of them.',
}

function stepLog(logger: RootLogger, logContent: boolean): StepLog {
  return {
    warn(turn: LoggedTurn | undefined, message, error) {
      const ids = turn && { turnId: turn.turnId, roomId: turn.roomId, agentId: turn.agentId }
      const described = logContent ? { err: error } : withoutForeignWords(error)
      logger.warn({ ...ids, ...described }, message)
    },
  }
}

/** Vendors and platforms quote people in their errors: the words are in the turn's trace only. */
function withoutForeignWords(error: unknown): object {
  if (!(error instanceof ModelError || error instanceof ConnectorError)) return { err: error }
  const { name: type, code } = error
  const status = error instanceof ModelError ? error.status : undefined
  return { err: { type, code, status, message: 'See GET /api/turns/:id, or set LOG_CONTENT.' } }
}
