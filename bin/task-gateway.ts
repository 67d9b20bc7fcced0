import { GracefulShutdownPeriodExpiredError, type Worker } from '@temporalio/worker'
import type { Ports } from '../agent/ports.ts'
import type { SocketGateway } from '../plugins/host/socket-services.ts'
import type { Config } from '../schema/config.ts'
import type { Gateways } from '../tasks/gateways.ts'
import { createGatewayWorker } from '../workers/gateway-worker.ts'
import type { TemporalLink } from './temporal-link.ts'

export interface SocketGatewayInput {
  readonly gateways: Gateways
  readonly config: Pick<Config, 'heartbeatThrottleMs' | 'drainMs'>
  readonly temporal: Pick<TemporalLink, 'connection'>
  ports(): Ports
}

/** In a process without a Worker nobody would run the actions: it holds no sockets. */
export const NO_SOCKETS: SocketGateway = {
  join: async () => false,
  leave: async () => {},
  holds: () => false,
}

/** Whoever holds an agent's sockets also runs the actions that need them. */
export function createSocketGateway(input: SocketGatewayInput): SocketGateway {
  const { gateways } = input
  return {
    holds: gateways.holds,
    leave: gateways.leave,
    join(agentId, seat) {
      let listening: Listening | undefined
      return gateways.join(agentId, {
        async onHeld() {
          await seat.onHeld() // before the first action asks for them
          listening = await listen(input, agentId)
        },
        async onLost() {
          await listening?.stop()
          listening = undefined
          await seat.onLost()
        },
      })
    },
  }
}

interface Listening {
  stop(): Promise<void>
}

async function listen(input: SocketGatewayInput, agentId: string): Promise<Listening> {
  const { temporal, config } = input
  const { connection, namespace } = await temporal.connection()
  const { heartbeatThrottleMs } = config
  const worker = await createGatewayWorker(input.ports(), {
    ...{ connection, namespace, agentId, heartbeatThrottleMs },
    drainMs: Math.min(config.drainMs, MOST_DRAIN_MS),
  })
  const ended = run(input, worker, agentId)
  return {
    async stop() {
      if (worker.getState() === 'RUNNING') worker.shutdown()
      await ended
    },
  }
}

/** Another process may hold the sockets a few seconds after this one lost them. */
const MOST_DRAIN_MS = 2_000

async function run({ ports }: SocketGatewayInput, worker: Worker, agentId: string): Promise<void> {
  try {
    await worker.run()
  } catch (error) {
    if (error instanceof GracefulShutdownPeriodExpiredError) return
    const message = `The worker for the sockets of the agent '${agentId}' ended.`
    ports().log.warn(undefined, message, error)
  }
}
