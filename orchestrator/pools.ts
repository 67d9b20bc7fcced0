import { createRecentMap } from '../bin/recent-map.ts'
import { stringToUuid } from '../schema/ids.ts'
import type { AgentPoolConfig } from './options.ts'
import { OrchestratorError } from './orchestrator-error.ts'

/** How much a pool's agent has to do. Absent from `loads`: it was never made, or was deleted. */
export interface PoolLoad {
  readonly isActive: boolean
  /** Turns that run or wait. */
  readonly open: number
}

export interface PoolPorts {
  loads(): ReadonlyMap<string, PoolLoad>
  /** Makes the agent, or starts it again. */
  add(pool: string, id: string, n: number): Promise<void>
  /** Its rows stay: it comes back with what it remembers. */
  retire(id: string): Promise<void>
  /** Which of these agents the channel has. */
  homeOf(channelId: string, ids: readonly string[]): Promise<string | undefined>
  /** The channel goes from one agent to another. */
  move(channelId: string, from: string, to: string): Promise<void>
  /** Milliseconds of a clock that never goes back. */
  now(): number
}

export interface PoolStanding {
  readonly agents: number
  readonly minAgents: number
  readonly maxAgents: number
  readonly open: number
}

export interface Pools {
  has(name: string): boolean
  /** As many agents as each needs at least. */
  open(): Promise<void>
  /** Who answers in the channel: whoever did before, else the one with the least to do. */
  route(name: string, channelId: string): Promise<string>
  /** Adds one agent to each pool that is busy, retires one of each that idles. To be called now and then. */
  scale(): Promise<void>
  standing(): Readonly<Record<string, PoolStanding>>
}

/** Open turns per agent at which another one is added. */
const BUSY_TURNS = 2
/** How long an agent has nothing to do before it is retired: conversations pause. */
const IDLE_MS = 60_000

/** Others are looked up. */
const KNOWN_CHANNELS = 20_000

/** The same in every process and at every start. */
export const poolAgentId = (pool: string, n: number): string => stringToUuid(`${pool} ${n}`)

export function createPools(
  configs: Readonly<Record<string, AgentPoolConfig>>,
  ports: PoolPorts,
): Pools {
  const pools = new Map(
    Object.entries(configs).map(([name, config]) => [name, createPool(name, config, ports)]),
  )
  const all = () => [...pools.values()]
  return {
    has: (name) => pools.has(name),
    open: async () => void (await Promise.all(all().map((pool) => pool.open()))),
    async route(name, channelId) {
      const pool = pools.get(name)
      if (!pool) throw new OrchestratorError('invalid_option', `There is no agent pool '${name}'.`)
      return pool.route(channelId)
    },
    scale: async () => void (await Promise.all(all().map((pool) => pool.scale()))),
    standing: () => Object.fromEntries([...pools].map(([name, pool]) => [name, pool.standing()])),
  }
}

interface Pool {
  readonly name: string
  readonly config: AgentPoolConfig
  readonly ports: PoolPorts
  /** Of all agents that it may ever have, in the order of their numbers. */
  readonly ids: readonly string[]
  /** Since when an agent has nothing to do. */
  readonly idleSince: Map<string, number>
  /** Messages sent to an agent since the loads were last read. */
  readonly sent: Map<string, number>
  /** Who was chosen for a channel: its message may not be stored yet. */
  readonly homes: ReturnType<typeof createRecentMap<string>>
  /** The choice for a channel that is being made. */
  readonly routes: Map<string, Promise<string>>
}

function createPool(name: string, config: AgentPoolConfig, ports: PoolPorts) {
  const ids = Array.from({ length: config.maxAgents }, (_, index) => poolAgentId(name, index + 1))
  const homes = createRecentMap<string>(KNOWN_CHANNELS)
  const maps = { homes, idleSince: new Map(), sent: new Map(), routes: new Map() }
  const pool: Pool = { ...{ name, config, ports, ids }, ...maps }
  const { minAgents, maxAgents } = config
  return {
    async open() {
      for (let missing = minAgents - activeOf(pool).length; missing > 0; missing -= 1) {
        await addOne(pool)
      }
    },
    route: (channelId: string) => route(pool, channelId),
    scale: () => scale(pool),
    standing: (): PoolStanding => ({
      ...{ minAgents, maxAgents, agents: activeOf(pool).length },
      open: openTurns(pool, activeOf(pool)),
    }),
  }
}

const activeOf = ({ ids, ports }: Pool) => {
  const loads = ports.loads()
  return ids.filter((id) => loads.get(id)?.isActive === true)
}

const openOf = ({ ports, sent }: Pool, id: string) =>
  (ports.loads().get(id)?.open ?? 0) + (sent.get(id) ?? 0)

const openTurns = (pool: Pool, ids: readonly string[]) =>
  ids.reduce((sum, id) => sum + openOf(pool, id), 0)

async function add({ name, ids, idleSince, ports }: Pool, id: string): Promise<void> {
  idleSince.delete(id)
  await ports.add(name, id, ids.indexOf(id) + 1)
}

async function addOne(pool: Pool): Promise<void> {
  const running = activeOf(pool)
  const next = pool.ids.find((id) => !running.includes(id))
  if (next !== undefined) await add(pool, next)
}

/** One behind the other per channel: two first messages must not find two agents. */
function route(pool: Pool, channelId: string): Promise<string> {
  const { routes, sent, homes } = pool
  const before = routes.get(channelId) ?? Promise.resolve('')
  const mine = before.catch(() => '').then(() => choose(pool, channelId))
  routes.set(channelId, mine)
  const forget = () => {
    if (routes.get(channelId) === mine) routes.delete(channelId)
  }
  return mine.finally(forget).then((id) => {
    homes.put(channelId, id)
    sent.set(id, (sent.get(id) ?? 0) + 1)
    return id
  })
}

async function choose(pool: Pool, channelId: string): Promise<string> {
  const { ids, config, ports, homes } = pool
  const home = homes.get(channelId) ?? (await ports.homeOf(channelId, ids))
  const running = activeOf(pool)
  if (home !== undefined && running.includes(home)) return home
  if (home !== undefined && running.length < config.maxAgents) {
    await add(pool, home)
    return home
  }
  if (running.length === 0) await addOne(pool)
  const chosen = leastLoaded(pool)
  if (home !== undefined) await ports.move(channelId, home, chosen)
  return chosen
}

function leastLoaded(pool: Pool): string {
  const [first, ...others] = activeOf(pool)
  if (first !== undefined) {
    return others.reduce((best, id) => (openOf(pool, id) < openOf(pool, best) ? id : best), first)
  }
  throw new OrchestratorError('limit_reached', `No agent of the pool '${pool.name}' runs.`)
}

async function scale(pool: Pool): Promise<void> {
  const { config, ports, sent } = pool
  const { minAgents, autoScale = false } = config
  sent.clear()
  const running = activeOf(pool)
  const open = openTurns(pool, running)
  const isBusy = open > 0 && open >= BUSY_TURNS * running.length
  if (running.length < minAgents || (autoScale && isBusy)) return addOne(pool)
  noteIdle(pool, running)
  const idle = running.findLast((id) => isIdleLong(pool, id))
  if (autoScale && running.length > minAgents && idle !== undefined) await ports.retire(idle)
}

function noteIdle(pool: Pool, running: readonly string[]): void {
  for (const id of running) {
    if (openOf(pool, id) > 0) pool.idleSince.delete(id)
    else if (!pool.idleSince.has(id)) pool.idleSince.set(id, pool.ports.now())
  }
}

function isIdleLong({ idleSince, ports }: Pool, id: string): boolean {
  const since = idleSince.get(id)
  return since !== undefined && ports.now() - since >= IDLE_MS
}
