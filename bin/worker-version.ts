import type { WorkerDeploymentVersion } from '@temporalio/common'
import type { Config } from '../schema/config.ts'
import { deploymentNameOf } from '../temporal/deployment.ts'

type VersionSettings = Pick<Config, 'buildId' | 'taskQueue' | 'temporalEnv'>

/**
 * The version that this process runs turns as; undefined when it has none. The Temporal Worker
 * Controller names both parts in the environment of a pod; our own setting comes first.
 */
export function workerVersion({
  buildId: ours,
  taskQueue,
  temporalEnv,
}: VersionSettings): WorkerDeploymentVersion | undefined {
  const buildId = ours ?? (temporalEnv.TEMPORAL_WORKER_BUILD_ID || undefined)
  if (buildId === undefined) return undefined
  return { buildId, deploymentName: deploymentName({ taskQueue, temporalEnv }) }
}

export const deploymentName = ({
  taskQueue,
  temporalEnv,
}: Omit<VersionSettings, 'buildId'>): string =>
  temporalEnv.TEMPORAL_DEPLOYMENT_NAME || deploymentNameOf(taskQueue)
