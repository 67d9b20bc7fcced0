import { NotFoundError } from '../../agent/errors.ts'
import type { AgentDetails } from '../../api/deps.ts'
import type { TasksPort, TaskView } from '../../api/tasks-port.ts'

/** Tasks that tests put there, by agent. */
export interface FakeTasksPort extends TasksPort {
  readonly byAgent: Map<string, TaskView[]>
  readonly asked: string[]
}

export function fakeTasksPort({
  agents,
}: {
  readonly agents: ReadonlyMap<string, AgentDetails>
}): FakeTasksPort {
  const byAgent = new Map<string, TaskView[]>()
  const asked: string[] = []
  const one = async (agentId: string, taskId: string) => {
    const found = byAgent.get(agentId)?.find(({ id }) => id === taskId)
    if (!found) throw new NotFoundError('task', taskId)
    return found
  }
  return {
    ...{ byAgent, asked },
    async list(agentId) {
      if (!agents.has(agentId)) throw new NotFoundError('agent', agentId)
      return byAgent.get(agentId) ?? []
    },
    show: one,
    run: async (agentId, taskId) => void asked.push(`run ${(await one(agentId, taskId)).id}`),
    delete: async (agentId, taskId) => void asked.push(`delete ${(await one(agentId, taskId)).id}`),
  }
}
