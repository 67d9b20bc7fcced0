import type { ElizaTask } from '../contract.ts'
import type { HostServicePorts } from './service-ports.ts'

/**
 * ElizaOS's TaskService, as far as plugins call it. There is no timer to start or stop: Temporal's
 * Schedules run the tasks, also while no process of the agent does.
 */
export const createTaskService = (agentId: string, ports: HostServicePorts) => ({
  capabilityDescription: 'The agent is able to schedule and execute tasks',
  config: {},
  startTimer(): void {},
  async checkTasks(): Promise<void> {
    ports.tasksChanged(agentId)
  },
  /** Asks for a run and does not wait for it. */
  async executeTask(task: ElizaTask): Promise<void> {
    if (task?.id) await ports.runTask(agentId, task.id)
  },
  async stop(): Promise<void> {},
})
