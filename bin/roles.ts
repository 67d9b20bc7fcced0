import { setTimeout as delay } from 'node:timers/promises'
import {
  GracefulShutdownPeriodExpiredError,
  makeTelemetryFilterString,
  Runtime,
} from '@temporalio/worker'
import { createApp } from '../api/app.ts'
import type { ApiDeps } from '../api/deps.ts'
import type { Logger } from '../observability/log.ts'
import { temporalLogger } from '../observability/temporal-log.ts'
import type { Config, LoadedConfig } from '../schema/config.ts'
import { sourceOf } from '../schema/load-config.ts'
import { bundleWorkflows, createAgentWorker, lastTurnsOf } from '../workers/agent-worker.ts'
import { createAgentsPort, resumeDeletions } from './api/agents.ts'
import { createApprovalsPort } from './api/approvals.ts'
import { createAudioPort } from './api/audio.ts'
import { createChannelsPort } from './api/channels.ts'
import { createDeadLettersPort } from './api/dead-letters.ts'
import { createForksPort } from './api/fork.ts'
import { createMessagesPort } from './api/messages.ts'
import { createModelsPort } from './api/models.ts'
import { createPluginRoutesPort, createPluginsPort } from './api/plugins.ts'
import { createSpendingPort } from './api/spending.ts'
import { createStatusPort } from './api/status.ts'
import { createTasksPort } from './api/tasks.ts'
import { createTurnsPort } from './api/turns.ts'
import type { Assembly } from './assembly.ts'
import { claimFirstBuild } from './claim-first-build.ts'
import { type HttpServer, listen } from './http-server.ts'
import { reachable } from './ports.ts'
import { lazyTaskSchedules } from './task-schedules.ts'
import { version } from './version.ts'
import { workerVersion } from './worker-version.ts'

/** Before anything of Temporal's: its log lines become ours, and signals stay ours. */
export function installTemporalRuntime(logger: Logger): void {
  Runtime.install({
    logger: temporalLogger(logger),
    shutdownSignals: [],
    // Forwarded: the core would write to the terminal itself.
    telemetryOptions: {
      logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }) },
    },
  })
}

export interface RunningWorker {
  /** Takes no more work, and waits for running steps. */
  stop(): Promise<void>
  /** Rejects when the Worker fails beyond repair. */
  readonly ended: Promise<void>
}

/** Runs turns. Waits for Temporal if it cannot be reached yet, until `signal` is aborted. */
export async function startWorker(
  assembly: Assembly,
  config: Config,
  signal: AbortSignal,
): Promise<RunningWorker | undefined> {
  const { temporal, ports, log } = assembly
  const bundling = bundleWorkflows()
  const connected = await connectPatiently(temporal, log, signal)
  if (!connected) return undefined
  const worker = await createAgentWorker(ports, {
    connection: connected.connection,
    namespace: connected.namespace,
    taskQueue: config.taskQueue,
    heartbeatThrottleMs: config.heartbeatThrottleMs,
    drainMs: config.drainMs,
    workflowBundle: await bundling,
    version: workerVersion(config),
  })
  assembly.follow(signal)
  const ended = worker.run()
  const claim = claimFirstBuild(connected.client, { config, log })
  return {
    ended,
    stop: async () => {
      await claim.stop()
      if (temporal.buildStanding() === 'other') await lastTurnsOf(worker, config.drainMs)
      if (worker.getState() === 'RUNNING') worker.shutdown()
      await ended.catch((error: unknown) => {
        if (!(error instanceof GracefulShutdownPeriodExpiredError)) throw error
        log.warn('A step did not hear that it must end. Another worker repeats it.')
      })
    },
  }
}

const CONNECT_PAUSE_MS = 1_000

async function connectPatiently(temporal: Assembly['temporal'], log: Logger, signal: AbortSignal) {
  for (let hasComplained = false; !signal.aborted; hasComplained = true) {
    try {
      return await temporal.connection()
    } catch (error) {
      if (!hasComplained) log.warn({ err: error }, 'Temporal cannot be reached yet; trying again.')
      await delay(CONNECT_PAUSE_MS, undefined, { signal }).catch(() => undefined)
    }
  }
  return undefined
}

export interface ApiSettingsInput {
  readonly loaded: LoadedConfig
  readonly uiUrl: string | undefined
  readonly environment: 'development' | 'production'
  readonly closing: AbortSignal
  /** Stands before the whole API. @default nothing does */
  readonly wrap?: (fetch: Fetch) => Fetch
}

type Fetch = Parameters<typeof listen>[0]

/** Serves the API. */
export function startApi(assembly: Assembly, input: ApiSettingsInput): Promise<HttpServer> {
  const { config } = input.loaded
  const app = createApp(apiDeps(assembly, input))
  assembly.follow(input.closing) // routes of plugins answer before their agents do
  resumeDeletions(assembly).catch((err: unknown) =>
    assembly.log.error({ err }, 'Agents not deleted'),
  )
  return listen(input.wrap?.(app.fetch) ?? app.fetch, {
    host: config.serverHost,
    port: config.serverPort,
    isPortExplicit: sourceOf(input.loaded, 'SERVER_PORT') !== 'default',
  })
}

function apiDeps(
  assembly: Assembly,
  { loaded, uiUrl, environment, closing }: ApiSettingsInput,
): ApiDeps {
  const { config } = loaded
  const { temporal, ports, agents, stream, log } = assembly
  const { taskQueue } = config
  return {
    settings: {
      version: version(),
      authToken: config.authToken,
      corsOrigin: config.corsOrigin,
      allowedHosts: config.allowedHosts,
      boundHost: config.serverHost,
      maxBodyBytes: config.maxBodyBytes,
      httpWaitMs: config.httpWaitMs,
      environment,
    },
    agents: reachable(createAgentsPort({ ...assembly, agents })),
    channels: reachable(createChannelsPort(assembly)),
    messages: reachable(createMessagesPort({ ...assembly, door: 'api' })),
    turns: reachable(createTurnsPort({ ...assembly, uiUrl })),
    approvals: reachable(createApprovalsPort(assembly)),
    deadLetters: reachable(createDeadLettersPort(assembly)),
    forks: reachable(createForksPort({ ...assembly, agents })),
    models: reachable(createModelsPort({ ...assembly, models: ports.models })),
    audio: reachable(createAudioPort({ agents, ports })),
    plugins: reachable(createPluginsPort(assembly)),
    pluginRoutes: createPluginRoutesPort(assembly),
    spending: reachable(createSpendingPort({ db: assembly.db, budgets: ports.budgets })),
    tasks: reachable(
      createTasksPort({
        ...{ db: assembly.db, records: ports.records },
        schedules: lazyTaskSchedules(temporal, config),
      }),
    ),
    status: createStatusPort({ db: assembly.db, temporal, taskQueue, models: ports.models }),
    stream,
    log,
    closing,
  }
}
