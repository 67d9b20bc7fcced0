import type { Client, WorkflowExecutionDescription } from '@temporalio/client'
import type { WorkerDeploymentVersion } from '@temporalio/common'
import { isPolled, isSameVersion, type Routing, readRouting, versionOf } from './deployment.ts'

/** `temporal.api.enums.v1.VersioningBehavior`. */
const PINNED = 1

/** The build that a running Workflow is pinned to; an operator may have moved it. */
function pinnedTo({ raw }: WorkflowExecutionDescription): WorkerDeploymentVersion | undefined {
  const { versioningInfo } = raw.workflowExecutionInfo ?? {}
  const moved = versionOf(versioningInfo?.versioningOverride?.pinned?.version)
  if (moved || versioningInfo?.behavior !== PINNED) return moved
  return versionOf(versioningInfo.deploymentVersion)
}

/**
 * Whether a running Workflow waits for a build that no Worker has any more, while Workers of the
 * current one are there to help.
 */
export async function isStranded(
  client: Client,
  workflow: WorkflowExecutionDescription,
): Promise<boolean> {
  const version = pinnedTo(workflow)
  if (!version) return false
  return isAbandoned(await readRouting(client, workflow.taskQueue), version)
}

export function isAbandoned(routing: Routing, version: WorkerDeploymentVersion): boolean {
  const { current } = routing
  if (!current || isSameVersion(current, version)) return false
  return !isPolled(routing, version) && isPolled(routing, current)
}
