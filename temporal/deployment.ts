import type { Client } from '@temporalio/client'
import type { WorkerDeploymentVersion } from '@temporalio/common'

/**
 * The Worker Deployment of an installation. Two installations in one namespace have two Task Queues,
 * so the queue names it; what Temporal allows in a queue's name only is percent-encoded.
 */
export const deploymentNameOf = (taskQueue: string): string =>
  taskQueue.replace(/^__|[%.:]/g, (text) =>
    [...text].map((char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`).join(''),
  )

/** Where Temporal sends the turns of a Task Queue, and who is there to take them. */
export interface Routing {
  /** Undefined while turns go to Workers without a version. */
  readonly current: WorkerDeploymentVersion | undefined
  /** A part of the new turns goes to another build. */
  readonly isRamping: boolean
  readonly pollers: readonly Poller[]
}

/** A Worker that lives, as far as one can tell: it asked for work within the last 75 s. */
export interface Poller {
  readonly identity: string
  /** Undefined for a Worker without a version. */
  readonly version: WorkerDeploymentVersion | undefined
}

/** A long poll of the SDK lasts 60 s; the server remembers pollers for minutes after their death. */
const POLL_MS = 75_000
/** `temporal.api.enums.v1.TaskQueueType`. */
const WORKFLOW_QUEUE = 1
/** `temporal.api.enums.v1.WorkerVersioningMode`. */
const VERSIONED = 2
/** A server that hangs is a server that is away. */
const ANSWER_LIMIT_MS = 5_000

/** Asked of the queue, not of the deployment: this is what Temporal goes by, and costs 3 ms. */
export async function readRouting(client: Client, taskQueue: string): Promise<Routing> {
  const { versioningInfo, pollers } = await client.withDeadline(Date.now() + ANSWER_LIMIT_MS, () =>
    client.workflowService.describeTaskQueue({
      namespace: client.options.namespace,
      taskQueue: { name: taskQueue },
      taskQueueType: WORKFLOW_QUEUE,
    }),
  )
  const since = Date.now() - POLL_MS
  return {
    current: versionOf(versioningInfo?.currentDeploymentVersion),
    isRamping: (versioningInfo?.rampingVersionPercentage ?? 0) > 0,
    pollers: pollers
      .filter(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) * 1000 > since)
      .map(({ identity, deploymentOptions: options }) => ({
        identity: identity ?? '',
        version: options?.workerVersioningMode === VERSIONED ? versionOf(options) : undefined,
      })),
  }
}

interface WireVersion {
  readonly deploymentName?: string | null
  readonly buildId?: string | null
}

/** As the wire has it; undefined when there is none. */
export function versionOf(
  wire: WireVersion | null | undefined,
): WorkerDeploymentVersion | undefined {
  if (!wire?.buildId) return undefined
  return { deploymentName: wire.deploymentName ?? '', buildId: wire.buildId }
}

export const isSameVersion = (
  one: WorkerDeploymentVersion | undefined,
  other: WorkerDeploymentVersion | undefined,
): boolean => one?.deploymentName === other?.deploymentName && one?.buildId === other?.buildId

export const isPolled = ({ pollers }: Routing, version: WorkerDeploymentVersion): boolean =>
  pollers.some((poller) => isSameVersion(poller.version, version))
