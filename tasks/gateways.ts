import { setTimeout as delay } from 'node:timers/promises'
import { GATEWAY_LEASE_MS, type GatewayLeases } from './gateway-lease.ts'

/** What a process does with an agent whose sockets it holds. */
export interface GatewaySeat {
  /** It holds them from now on: services start, the task queue is listened to. */
  onHeld(): Promise<void>
  /** It does not any more: others may hold them within seconds. */
  onLost(): Promise<void>
}

/** Exactly one process holds an agent's sockets. */
export interface Gateways {
  /** Asks for an agent's sockets, now and until it leaves. @returns whether it holds them already */
  join(agentId: string, seat: GatewaySeat): Promise<boolean>
  leave(agentId: string): Promise<void>
  holds(agentId: string): boolean
  /** Renews and takes over every few seconds, until `signal` is aborted; then leaves all. */
  run(signal: AbortSignal): Promise<void>
}

export interface GatewaysInput {
  readonly leases: GatewayLeases
  /** Of this process: nobody else has it. */
  readonly holder: string
  log(message: string, error?: unknown): void
  /** Milliseconds, monotonic. @default performance.now */
  now?(): number
  /** @default 3,000: with the lease, a dead holder is followed within 15 s */
  readonly intervalMs?: number
}

/** A holder that could not renew gives up this long before others may take over. */
const MARGIN_MS = 2_000

interface Joined {
  readonly seat: GatewaySeat
  /** Until when it is held, by this process's own clock; undefined: it is not. */
  until: number | undefined
  /** What the seat does, one after the other. Nobody renews behind it: a service may take long to start. */
  work: Promise<void>
}

export function createGateways(input: GatewaysInput): Gateways {
  const { leases, holder, now = () => performance.now(), intervalMs = 3_000 } = input
  const joined = new Map<string, Joined>()
  const holds = (agentId: string) => (joined.get(agentId)?.until ?? 0) > now()

  const round = async (agentIds: readonly string[]) => {
    const asked = now() // counted from before the question: never longer than the database does
    const until = asked + GATEWAY_LEASE_MS - MARGIN_MS
    const held = await leases.take(holder, agentIds)
    for (const agentId of agentIds) {
      const one = joined.get(agentId)
      if (!one) continue
      if (held.includes(agentId)) hold(input, agentId, one, until)
      else if (one.until !== undefined) lose(input, agentId, one)
    }
  }
  const renew = async () => {
    await round([...joined.keys()]).catch((error: unknown) =>
      input.log('The sockets of agents could not be renewed; trying again.', error),
    )
    for (const [agentId, one] of joined) {
      if (one.until !== undefined && one.until <= now()) lose(input, agentId, one)
    }
  }
  const leave = async (agentId: string) => {
    const one = joined.get(agentId)
    joined.delete(agentId)
    if (one?.until === undefined) return one?.work
    one.until = undefined
    tell(input, agentId, one, () => one.seat.onLost())
    await one.work
    await leases.leave(holder, [agentId])
  }

  return {
    holds,
    leave,
    async join(agentId, seat) {
      const one = { seat, until: undefined, work: Promise.resolve() }
      joined.set(agentId, one)
      await round([agentId])
      await one.work
      return holds(agentId)
    },
    async run(signal) {
      while (!signal.aborted) {
        await renew()
        await delay(intervalMs, undefined, { signal }).catch(() => undefined)
      }
      for (const agentId of [...joined.keys()]) {
        await leave(agentId).catch((error: unknown) =>
          input.log('The sockets of an agent could not be given back.', error),
        )
      }
    },
  }
}

type Log = Pick<GatewaysInput, 'log'>

function hold(input: Log, agentId: string, one: Joined, until: number): void {
  const isNew = one.until === undefined
  one.until = until
  // It may have been lost again while the one before it was still at work.
  if (isNew) tell(input, agentId, one, async () => (one.until ? one.seat.onHeld() : undefined))
}

function lose(input: Log, agentId: string, one: Joined): void {
  one.until = undefined
  input.log(`This process does not hold the sockets of the agent '${agentId}' any more.`)
  tell(input, agentId, one, () => one.seat.onLost())
}

function tell({ log }: Log, agentId: string, one: Joined, work: () => Promise<void>): void {
  one.work = one.work
    .then(work)
    .catch((error: unknown) =>
      log(`The sockets of the agent '${agentId}' could not be opened or closed.`, error),
    )
}
