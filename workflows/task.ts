import { proxyActivities, setWorkflowOptions, sleep, workflowInfo } from '@temporalio/workflow'
import type { Activities } from '../activities/index.ts'
import type { TaskInput, TaskOutcome } from '../schema/task.ts'
import { taskStep } from './activity-options.ts'

/**
 * One run of a task: started by its Schedule, or with a delay for a task that runs once. A run that
 * shall be tried again is the only thing it waits for.
 */
export async function taskWorkflow(input: TaskInput): Promise<TaskOutcome> {
  const fire = { ...input, scheduledAt: input.scheduledAt ?? scheduledAt() }
  const { runTask } = proxyActivities<Activities>(taskStep(input.heartbeatTimeoutMs))
  for (;;) {
    const verdict = await runTask(fire)
    if (verdict.kind === 'ended') return { state: verdict.state }
    await sleep(verdict.afterMs)
  }
}

/** The Schedule's time, which a second start for it has too; a Workflow without one has its own start. */
function scheduledAt(): number {
  const { searchAttributes, startTime } = workflowInfo()
  const [time] = searchAttributes.TemporalScheduledStartTime ?? []
  return time instanceof Date ? time.getTime() : startTime.getTime()
}

/**
 * Not pinned to a build as turns are: one that waits for its time, or for workers, would be lost with the
 * build. So a change of this Workflow has to go behind `patched`. Workers without a build may not say it.
 */
setWorkflowOptions(
  () =>
    workflowInfo().currentDeploymentVersion?.deploymentName
      ? { versioningBehavior: 'AUTO_UPGRADE' }
      : {},
  taskWorkflow,
)
