import { type NativeConnection, Worker } from '@temporalio/worker'
import { createActivities } from '../activities/index.ts'
import type { Ports } from '../agent/ports.ts'
import { gatewayTaskQueue } from '../temporal/ids.ts'

export interface GatewayWorkerSettings {
  readonly connection: NativeConnection
  readonly namespace: string
  readonly agentId: string
  readonly heartbeatThrottleMs: number
  /** How long running actions may take to finish when the agent's sockets are lost. */
  readonly drainMs: number
}

/** What a cancelled action gets to end. */
const FORCE_MS = 2_000

/**
 * Runs the actions of one agent that need its sockets, in the process that holds them. It has no Workflows
 * and no version: whoever holds the sockets serves the turns of every build.
 */
export const createGatewayWorker = (
  ports: Ports,
  settings: GatewayWorkerSettings,
): Promise<Worker> =>
  Worker.create({
    connection: settings.connection,
    namespace: settings.namespace,
    taskQueue: gatewayTaskQueue(settings.agentId),
    activities: createActivities(ports),
    shutdownGraceTime: settings.drainMs,
    shutdownForceTime: settings.drainMs + FORCE_MS,
    activityTaskPollerBehavior: { type: 'simple-maximum', maximum: 2 },
    maxHeartbeatThrottleInterval: settings.heartbeatThrottleMs,
    defaultHeartbeatThrottleInterval: settings.heartbeatThrottleMs,
    maxConcurrentActivityTaskExecutions: 50,
  })
