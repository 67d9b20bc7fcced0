import type { Kysely } from 'kysely'
import { NotFoundError } from '../../agent/errors.ts'
import type { Records } from '../../agent/records.ts'
import type { TasksPort, TaskView } from '../../api/tasks-port.ts'
import { withRetry } from '../../database/failures.ts'
import { findAgent } from '../../memory/agents.ts'
import type { Database } from '../../schema/database.ts'
import type { TaskSchedules } from '../../tasks/schedule-ports.ts'
import { findTask, type ListedTask, listTasks } from '../../tasks/tasks.ts'

export interface TasksParts {
  readonly db: Kysely<Database>
  readonly records: Pick<Records, 'commit'>
  readonly schedules: Pick<TaskSchedules, 'runNow'>
}

/** Tasks as the database knows them; what is changed here reaches Temporal by the workers. */
export function createTasksPort({ db, records, schedules }: TasksParts): TasksPort {
  const one = async (agentId: string, taskId: string) => {
    const found = await findTask(db, agentId, taskId)
    if (!found) throw new NotFoundError('task', taskId)
    return found
  }
  return {
    async list(agentId) {
      if (!(await findAgent(db, agentId))) throw new NotFoundError('agent', agentId)
      return (await listTasks(db, agentId)).map(toView)
    },
    show: async (agentId, taskId) => toView(await one(agentId, taskId)),
    async run(agentId, taskId) {
      const { plan = { kind: 'once', at: Date.now() } } = await one(agentId, taskId)
      await schedules.runNow({ taskId, agentId, plan })
    },
    async delete(agentId, taskId) {
      await one(agentId, taskId)
      await withRetry(() => records.commit(agentId, [{ kind: 'task.delete', id: taskId }]))
    },
  }
}

const toView = ({ task, plan, runs }: ListedTask): TaskView => ({
  id: task.id,
  name: task.name,
  description: task.description,
  tags: [...task.tags],
  metadata: { ...task.metadata },
  roomId: task.roomId ?? null,
  createdAt: task.createdAt,
  everySeconds: plan?.kind === 'repeat' ? plan.everySeconds : null,
  dueAt: plan?.kind === 'once' ? plan.at : null,
  runs: runs.map((run) => ({ ...run })),
})
