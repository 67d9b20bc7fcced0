import {
  type Client,
  ScheduleAlreadyRunning,
  type ScheduleHandle,
  ScheduleNotFoundError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
} from '@temporalio/client'
import { TypedSearchAttributes } from '@temporalio/common'
import type { TaskInput } from '../schema/task.ts'
import type { ScheduledTask, TaskSchedules } from '../tasks/schedule-ports.ts'
import type { taskWorkflow } from '../workflows/task.ts'
import { AGENT_ID } from './connection.ts'
import { taskRunWorkflowId, taskScheduleId } from './ids.ts'
import type { StartSettings } from './start-turn.ts'

export type TaskScheduleSettings = Pick<
  StartSettings,
  'taskQueue' | 'workflowTaskTimeoutMs' | 'heartbeatTimeoutMs' | 'hasSearchAttributes'
>

/** Temporal takes no shorter one. */
const LEAST_CATCHUP_MS = 10_000

/** Tasks that repeat are Schedules, tasks that run once are Workflows with a delayed start. */
export function createTaskSchedules(client: Client, settings: TaskScheduleSettings): TaskSchedules {
  const handleOf = (taskId: string) => client.schedule.getHandle(taskScheduleId(taskId))
  return {
    async ensure(task) {
      const { plan } = task
      if (plan.kind === 'once') return startOnce(client, settings, task, plan.at)
      return ensureRepeat(client, settings, task)
    },
    async remove({ taskId, spec }) {
      if (spec.startsWith('once:')) {
        const id = taskRunWorkflowId(taskId, Number(spec.slice('once:'.length)))
        // Not terminated: a run that just ends should end as it does.
        return unlessGone(client.workflow.getHandle(id).cancel())
      }
      return unlessGone(handleOf(taskId).delete())
    },
    async runNow(task) {
      if (task.plan.kind === 'repeat') return handleOf(task.taskId).trigger('SKIP')
      return startOnce(client, settings, task, Date.now())
    },
  }
}

type OneTask = Pick<ScheduledTask, 'taskId' | 'agentId'>

async function ensureRepeat(
  client: Client,
  settings: TaskScheduleSettings,
  task: ScheduledTask,
): Promise<void> {
  const { taskId, agentId, isDue } = task
  const timing = timingOf(task)
  if (!timing) return
  const handle = client.schedule.getHandle(taskScheduleId(taskId))
  try {
    await client.schedule.create<typeof taskWorkflow>({
      scheduleId: taskScheduleId(taskId),
      ...timing,
      action: {
        type: 'startWorkflow',
        workflowType: 'taskWorkflow',
        // Temporal appends the time for which it starts it.
        workflowId: taskScheduleId(taskId),
        args: [inputOf(settings, task)],
        ...startOptions(settings, task),
      },
      state: { note: `Task ${taskId} of agent ${agentId}` },
    })
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error
    return change(handle, settings, task)
  }
  // Not with its creation, which would let it run beside the first one that is scheduled.
  if (isDue) await handle.trigger('SKIP')
}

/**
 * After downtime the last time that was missed is within one interval, so a window of one interval
 * makes up for all of them with one run.
 */
function timingOf({ plan }: ScheduledTask) {
  if (plan.kind !== 'repeat') return undefined
  const every = plan.everySeconds * 1_000
  // Intervals count from 1970: moved, so that they count from the task's last run.
  const offset = Math.floor((plan.anchorAt % every) / 1_000) * 1_000
  return {
    spec: { intervals: [{ every, offset }] },
    policies: {
      overlap: 'SKIP' as const,
      catchupWindow: Math.max(every, LEAST_CATCHUP_MS),
      pauseOnFailure: false,
    },
  }
}

/** The phase of a Schedule that stays as long as before is not moved: it would never fire. */
async function change(
  handle: ScheduleHandle,
  { taskQueue }: TaskScheduleSettings,
  task: ScheduledTask,
): Promise<void> {
  const timing = timingOf(task)
  const { spec, action, info } = await handle.describe()
  const every = timing?.spec.intervals[0]?.every
  const isSame = spec.intervals?.[0]?.every === every && action.taskQueue === taskQueue
  if (!timing) return
  if (!isSame) {
    await handle.update((previous) => ({
      ...previous,
      ...timing,
      action: { ...previous.action, taskQueue },
    }))
  }
  // Whoever made it may have died before it asked for the first run.
  const isUnbegun = info.numActionsTaken === 0
  if (task.isDue && (isUnbegun || !isSame)) await handle.trigger('SKIP')
}

/** Starting twice is harmless; one that ended may start again, and finds its claim. */
async function startOnce(
  client: Client,
  settings: TaskScheduleSettings,
  task: OneTask,
  at: number,
): Promise<void> {
  const delayMs = at - Date.now()
  try {
    await client.workflow.start<typeof taskWorkflow>('taskWorkflow', {
      workflowId: taskRunWorkflowId(task.taskId, at),
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      workflowIdConflictPolicy: 'USE_EXISTING',
      ...startOptions(settings, task),
      ...(delayMs > 0 ? { startDelay: delayMs } : {}),
      args: [{ ...inputOf(settings, task), scheduledAt: at }],
    })
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error
  }
}

const startOptions = (
  { taskQueue, workflowTaskTimeoutMs, hasSearchAttributes }: TaskScheduleSettings,
  { taskId, agentId }: OneTask,
) => ({
  taskQueue,
  workflowTaskTimeout: workflowTaskTimeoutMs,
  staticSummary: `Task ${taskId} of agent ${agentId}`,
  ...(hasSearchAttributes
    ? { typedSearchAttributes: new TypedSearchAttributes([{ key: AGENT_ID, value: agentId }]) }
    : {}),
})

const inputOf = (
  { heartbeatTimeoutMs }: TaskScheduleSettings,
  { taskId, agentId }: OneTask,
): TaskInput => ({ taskId, agentId, heartbeatTimeoutMs })

async function unlessGone(work: Promise<unknown>): Promise<void> {
  try {
    await work
  } catch (error) {
    const isGone = error instanceof ScheduleNotFoundError || error instanceof WorkflowNotFoundError
    if (!isGone) throw error
  }
}
