import type { Around } from '../bin/api/around.ts'
import { createStatusPort } from '../bin/api/status.ts'
import type { HttpServer } from '../bin/http-server.ts'
import type { Runtime } from '../plugins/runtime.ts'
import type { LoadedConfig } from '../schema/config.ts'
import { agentLoads } from '../turns/agent-loads.ts'
import { type AgentActs, createAgentActs } from './agent-acts.ts'
import type { Cluster, WorkerStanding } from './cluster.ts'
import type { GlobalPlugins } from './given-plugins.ts'
import {
  channelFor,
  type GivenMessage,
  type HandleOptions,
  type HandleResult,
  handleMessage,
} from './handle-message.ts'
import { type House, openHouse } from './house.ts'
import type { LoadSample } from './load-watch.ts'
import { createMiddleware, type Middleware } from './middleware.ts'
import type { ElizaOSConfig } from './options.ts'
import { poolAgents } from './pool-agents.ts'
import { createPools, type PoolStanding, type Pools } from './pools.ts'
import { createRequestRates, inOrder } from './request-rates.ts'
import { createRoster, type Emit, type Roster } from './roster.ts'
import { runtimeOf } from './runtime-of.ts'
import type { GlobalServices } from './services.ts'
import { startCluster } from './start-cluster.ts'
import { endOf, handlePorts, poolPorts, type SystemPorts, systemPorts } from './system-ports.ts'
import { watchSystem } from './system-watch.ts'
import { createWaits, type Waits } from './waits.ts'
import { wipe } from './wipe.ts'

/** What lives as long as the object `ElizaOS`, whether the system is open or not. */
export interface SystemInput {
  readonly options: ElizaOSConfig
  readonly loaded: LoadedConfig
  readonly emit: Emit
  readonly globalPlugins: GlobalPlugins
  readonly services: GlobalServices
  readonly stack: readonly Middleware[]
  onError(error: unknown, what: string): void
}

export interface SystemStanding {
  readonly load: LoadSample
  /** Processes of the cluster; none without clustering. */
  readonly workers: readonly WorkerStanding[]
  readonly pools: Readonly<Record<string, PoolStanding>>
  /** Of the API; undefined when it is not served. */
  readonly url: string | undefined
}

/** An open house with agents in it. */
export interface System {
  readonly roster: Roster
  readonly acts: AgentActs
  /** @param to an agent's id, or the name of a pool */
  handle(to: string, message: GivenMessage, options?: HandleOptions): Promise<HandleResult>
  runtime(agentId: string): Promise<Runtime>
  /** Serves the API where it is configured, and lets turns run if they do not yet. */
  start(): Promise<void>
  healthCheck(): Promise<boolean>
  standing(): SystemStanding
  reset(): Promise<void>
  close(): Promise<void>
}

/** @throws whatever keeps it from opening; nothing is left open then */
export async function openSystem(input: SystemInput): Promise<System> {
  const { options, loaded, services } = input
  const waits = createWaits()
  let around: Around = (_arrival, accept) => accept()
  const house = await openHouse({
    ...{ loaded, onError: input.onError },
    hasWorker: options.clustering !== true,
    limitsClients: options.serverConfig?.rateLimit === true,
    around: (arrival, accept) => around(arrival, accept),
    globalService: (type) => services.get(type),
  })
  try {
    house.closers.add('global services', () => services.stopAll())
    house.closers.add('middleware', () => waits.end())
    const ports = systemPorts(house)
    around = aroundOf(input, { house, ports, waits })
    return await furnish(input, { house, ports, waits })
  } catch (error) {
    await house.close()
    throw error
  }
}

interface Opened {
  readonly house: House
  readonly ports: SystemPorts
  readonly waits: Waits
}

function aroundOf(
  { options, loaded, stack }: SystemInput,
  { house, ports, waits }: Opened,
): Around {
  const { maxRequestsPerMinute } = options.resourceLimits ?? {}
  const { stream } = house.assembly
  if (options.clustering && (stack.length > 0 || maxRequestsPerMinute !== undefined)) {
    house.logger.warn(NOT_IN_WORKERS)
  }
  const middleware = createMiddleware({
    stack: () => stack,
    ended: (turn) => endOf({ turns: ports.turns, stream }, turn, waits.signal),
    isAuthenticated: ({ door }) => door === 'program' || loaded.config.authToken !== undefined,
    onLateError: ({ agentId }, err) =>
      house.logger.warn({ err, agentId }, 'Middleware failed behind next(). The turn stands.'),
    track: waits.track,
  })
  if (maxRequestsPerMinute === undefined) return middleware
  return inOrder(middleware, createRequestRates(maxRequestsPerMinute))
}

const NOT_IN_WORKERS =
  'With clustering, messages that plugins bring in are taken by worker processes: they pass neither the middleware nor maxRequestsPerMinute.'

async function furnish(input: SystemInput, opened: Opened): Promise<System> {
  const { options, loaded, emit, globalPlugins } = input
  const { house, ports } = opened
  const { assembly } = house
  const roster = createRoster(() => agentLoads(assembly.db), emit)
  await roster.refresh()
  const acts = createAgentActs({
    ...{ roster, emit, globalPlugins, agents: ports.agents },
    defaultSettings: options.defaultSettings ?? {},
    maxAgents: options.maxAgents,
    isClustered: options.clustering === true,
    store: (file) => assembly.agents.importFile(file),
  })
  const pools = createPools(
    options.agentPools ?? {},
    poolPorts(ports, house, { all: roster.all, ...poolAgents(options.agentPools ?? {}, acts) }),
  )
  const running = createRun(input, house)
  if (options.persistence?.recoveryMode !== 'manual') await running.work()
  await pools.open()
  const { db } = assembly
  const { cluster } = running
  const watch = watchSystem({ db, roster, pools, cluster, emit, onError: input.onError })
  house.closers.add('watch', () => watch.stop())
  const status = createStatusPort({
    ...{ db, temporal: assembly.temporal, models: assembly.ports.models },
    taskQueue: loaded.config.taskQueue,
  })
  return {
    ...{ roster, acts, start: running.start },
    handle: (to, message, how) => handleIn({ opened, pools }, to, message, how),
    runtime: (agentId) => runtimeOf(assembly, agentId),
    healthCheck: async () => (await status.readiness()).ready,
    standing: () => ({
      load: watch.load(),
      workers: cluster()?.standing() ?? [],
      pools: pools.standing(),
      url: running.url(),
    }),
    async reset() {
      await wipe({ ...input, db, roster, acts })
      await pools.open()
    },
    close: () => house.close(),
  }
}

/** Turns and the API, each started once. */
function createRun({ options, loaded }: SystemInput, house: House) {
  let working: Promise<void> | undefined
  let serving: Promise<HttpServer> | undefined
  let server: HttpServer | undefined
  let cluster: Cluster | undefined
  const work = () => {
    working ??= house.work().then(() => {
      if (options.clustering) cluster = startCluster(options, house, loaded.config.drainMs)
    })
    return working
  }
  return {
    work,
    cluster: () => cluster,
    url: () => server?.url,
    async start() {
      await work()
      if (!options.serverConfig?.enabled) return
      serving ??= house.serve()
      server = await serving
    },
  }
}

async function handleIn(
  { opened: { house, ports, waits }, pools }: { readonly opened: Opened; readonly pools: Pools },
  to: string,
  message: GivenMessage,
  options?: HandleOptions,
): Promise<HandleResult> {
  const given = handlePorts(ports, house, waits.signal)
  if (!pools.has(to)) return handleMessage(given, to, message, options)
  const agentId = await pools.route(to, await channelFor(given, to, message.roomId))
  return handleMessage(given, agentId, message, options)
}
