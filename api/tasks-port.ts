import type { z } from '@hono/zod-openapi'
import type { task } from '../schema/tasks-api.ts'

export type TaskView = z.output<typeof task>

/** Tasks of agents. All throw `NotFoundError` for an agent or a task that is not there. */
export interface TasksPort {
  list(agentId: string): Promise<readonly TaskView[]>
  show(agentId: string, taskId: string): Promise<TaskView>
  /** As soon as a worker is free; nothing while a run goes on. */
  run(agentId: string, taskId: string): Promise<void>
  /** It does not run any more; a run that goes on is told to stop. */
  delete(agentId: string, taskId: string): Promise<void>
}
