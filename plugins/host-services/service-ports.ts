/** What the host's own services stand on. */
export interface HostServicePorts {
  /** Something about tasks changed: their schedules follow at once. */
  tasksChanged(agentId: string): void
  /** Runs a task as soon as a worker is free. @throws when there is no such task of the agent */
  runTask(agentId: string, taskId: string): Promise<void>
  /** Asks for the embedding of a memory. @returns how many wait, by priority */
  queueEmbedding(
    agentId: string,
    memoryId: string,
    priority: 'high' | 'normal' | 'low',
  ): Promise<{ readonly high: number; readonly normal: number; readonly low: number }>
  /** Forgets what waits. */
  clearEmbeddings(agentId: string): Promise<void>
}
