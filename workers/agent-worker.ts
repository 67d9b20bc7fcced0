import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { WorkerDeploymentVersion } from '@temporalio/common'
import {
  bundleWorkflowCode,
  type NativeConnection,
  Worker,
  type WorkflowBundle,
} from '@temporalio/worker'
import { createActivities } from '../activities/index.ts'
import type { Ports } from '../agent/ports.ts'

export interface WorkerSettings {
  readonly connection: NativeConnection
  readonly namespace: string
  readonly taskQueue: string
  readonly heartbeatThrottleMs: number
  /** How long running steps may take to finish at shutdown. */
  readonly drainMs: number
  readonly workflowBundle: WorkflowBundle
  /** A turn is run by Workers of one version from its first task to its end. @default unversioned */
  readonly version?: WorkerDeploymentVersion
}

/** The Workflow code as the Worker runs it; about a second of work, so once per process. */
export function bundleWorkflows(): Promise<WorkflowBundle> {
  return bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('../workflows/index.ts', import.meta.url)),
    logger: { ...silent },
  })
}

const nothing = () => undefined
const silent = {
  log: nothing,
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
}

/** What a cancelled step gets to end, when the Worker shuts down. */
const FORCE_MS = 5_000

/** A Temporal Worker that runs turns. */
export function createAgentWorker(ports: Ports, settings: WorkerSettings): Promise<Worker> {
  return Worker.create({
    connection: settings.connection,
    namespace: settings.namespace,
    taskQueue: settings.taskQueue,
    workflowBundle: settings.workflowBundle,
    activities: createActivities(ports),
    shutdownGraceTime: settings.drainMs,
    // A step that does not hear its cancellation must not hold up the end of the process.
    shutdownForceTime: settings.drainMs + FORCE_MS,
    workerDeploymentOptions: settings.version && pinned(settings.version),
    // A paused Worker keeps its open polls, and each swallows a task: few polls, few tasks lost.
    // (`maxConcurrentActivityTaskPolls` is ignored by SDK 1.24.)
    workflowTaskPollerBehavior: { type: 'simple-maximum', maximum: 3 },
    activityTaskPollerBehavior: { type: 'simple-maximum', maximum: 3 },
    // After a Worker's death its cached Workflows wait this long for it.
    stickyQueueScheduleToStartTimeout: '1s',
    // How late a running step hears that it was cancelled.
    maxHeartbeatThrottleInterval: settings.heartbeatThrottleMs,
    defaultHeartbeatThrottleInterval: settings.heartbeatThrottleMs,
    // Steps wait for models and platforms, not for the processor.
    maxConcurrentActivityTaskExecutions: 200,
    maxConcurrentLocalActivityExecutions: 100,
    // Evaluators and `deliver` are scheduled in one task.
    maxEagerActivityReservationsPerWorkflowTask: 10,
    maxCachedWorkflows: 500, // a turn is short: the cache serves those that run, not those that were
  })
}

const pinned = (version: WorkerDeploymentVersion) => ({
  version,
  useWorkerVersioning: true as const,
  defaultVersioningBehavior: 'PINNED' as const,
})

const LOOK_MS = 50

/**
 * Waits, at most `limitMs`, until a Worker that gets no new turns has none left: they are pinned to its
 * build, and perhaps nobody else runs it any more.
 */
export async function lastTurnsOf(worker: Worker, limitMs: number): Promise<void> {
  const until = performance.now() + limitMs
  // A Workflow leaves the cache when it ends.
  while (worker.getStatus().numCachedWorkflows > 0 && performance.now() < until) {
    await delay(LOOK_MS)
  }
}
