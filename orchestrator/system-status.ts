import type { AgentStatus } from './roster.ts'
import type { System, SystemStanding } from './system.ts'

export interface SystemStatus extends Partial<SystemStanding> {
  readonly name: string
  readonly state: 'new' | 'initialized' | 'stopped'
  readonly totalAgents: number
  readonly activeAgents: number
  readonly agentsByStatus: Readonly<Record<AgentStatus, number>>
  readonly runningTurns: number
  readonly queuedTurns: number
  /** Of this process, in bytes. */
  readonly memoryUsage: NodeJS.MemoryUsage
  /** Milliseconds since `initialize`; 0 before. */
  readonly uptime: number
  /** Names of the global ones. */
  readonly services: readonly string[]
  readonly plugins: readonly string[]
}

export interface StatusInput {
  readonly name: string
  readonly isStopped: boolean
  /** Milliseconds since the epoch. */
  readonly startedAt: number | undefined
  readonly system: Pick<System, 'roster' | 'standing'> | undefined
  readonly services: readonly string[]
  readonly plugins: readonly string[]
}

export function statusOf(input: StatusInput): SystemStatus {
  const { name, isStopped, startedAt, system, services, plugins } = input
  const agents = system?.roster.all() ?? []
  const count = (status: AgentStatus) => agents.filter((agent) => agent.status === status).length
  const agentsByStatus = {
    active: count('active'),
    inactive: count('inactive'),
    error: count('error'),
  }
  return {
    ...{ name, services, plugins, agentsByStatus },
    state: isStopped ? 'stopped' : system ? 'initialized' : 'new',
    totalAgents: agents.length,
    activeAgents: isStopped ? 0 : agentsByStatus.active + agentsByStatus.error,
    runningTurns: agents.reduce((sum, { running }) => sum + running, 0),
    queuedTurns: agents.reduce((sum, { queued }) => sum + queued, 0),
    memoryUsage: process.memoryUsage(),
    uptime: startedAt === undefined ? 0 : Date.now() - startedAt,
    ...system?.standing(),
  }
}
