import { setTimeout as delay } from 'node:timers/promises'
import { type Client, isGrpcServiceError } from '@temporalio/client'
import type { WorkerDeploymentVersion } from '@temporalio/common'
import { versionOf } from './deployment.ts'

/** `decided`: somebody chose a build before, or chose to have none; later ones are promoted. */
export type FirstBuild = 'became-current' | 'decided' | 'stopped'

/** A deployment is known to the server a moment after its first poll. */
const PAUSE_MS = 500

/**
 * Makes a build the current one of a deployment that never had one: nothing would run otherwise. Of
 * several that try at once, the server lets one through. Goes on until it is decided or `signal` is
 * aborted; `onError` hears of each failure.
 */
export async function becomeFirstBuild(
  client: Client,
  version: WorkerDeploymentVersion,
  { signal, onError }: { signal: AbortSignal; onError: (error: unknown) => void },
): Promise<FirstBuild> {
  while (!signal.aborted) {
    const outcome = await tryOnce(client, version).catch(onError)
    if (outcome) return outcome
    await delay(PAUSE_MS, undefined, { signal }).catch(() => undefined)
  }
  return 'stopped'
}

async function tryOnce(
  client: Client,
  { deploymentName, buildId }: WorkerDeploymentVersion,
): Promise<FirstBuild | undefined> {
  const { namespace, identity } = client.options
  const found = await describeDeployment(client, deploymentName)
  const { routingConfig, versionSummaries, managerIdentity } = found?.workerDeploymentInfo ?? {}
  // Set by every choice, by that of no version too.
  if (routingConfig?.currentVersionChangedTime || managerIdentity) return 'decided'
  const isKnown = versionSummaries?.some(
    (summary) => versionOf(summary.deploymentVersion)?.buildId === buildId,
  )
  if (!found || !isKnown) return undefined
  const { conflictToken } = found
  const choice = { namespace, deploymentName, buildId, conflictToken, identity }
  try {
    await client.workflowService.setWorkerDeploymentCurrentVersion(choice)
    return 'became-current'
  } catch (error) {
    if (isGrpcServiceError(error) && error.code === GRPC_FAILED_PRECONDITION) return undefined
    throw error
  }
}

const GRPC_NOT_FOUND = 5
/** Among others: somebody chose since the token was given. */
export const GRPC_FAILED_PRECONDITION = 9

/** Undefined when no Worker of it ever polled. */
export async function describeDeployment(client: Client, deploymentName: string) {
  const { namespace } = client.options
  try {
    return await client.workflowService.describeWorkerDeployment({ namespace, deploymentName })
  } catch (error) {
    if (isGrpcServiceError(error) && error.code === GRPC_NOT_FOUND) return undefined
    throw error
  }
}
