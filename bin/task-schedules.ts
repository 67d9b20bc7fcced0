import type { Config } from '../schema/config.ts'
import type { TaskSchedules } from '../tasks/schedule-ports.ts'
import { createTaskSchedules } from '../temporal/task-schedules.ts'
import type { TemporalLink } from './temporal-link.ts'

type Settings = Pick<Config, 'taskQueue' | 'workflowTaskTimeoutMs' | 'heartbeatTimeoutMs'>

/** Schedules of tasks by a link that connects when somebody asks, and again after a failure. */
export function lazyTaskSchedules(
  temporal: Pick<TemporalLink, 'connection'>,
  settings: Settings,
): TaskSchedules {
  const opened = async () => {
    const { client, hasSearchAttributes } = await temporal.connection()
    const { taskQueue, workflowTaskTimeoutMs, heartbeatTimeoutMs } = settings
    return createTaskSchedules(client, {
      ...{ taskQueue, workflowTaskTimeoutMs, heartbeatTimeoutMs, hasSearchAttributes },
    })
  }
  return {
    ensure: async (task) => (await opened()).ensure(task),
    remove: async (task) => (await opened()).remove(task),
    runNow: async (task) => (await opened()).runNow(task),
  }
}
