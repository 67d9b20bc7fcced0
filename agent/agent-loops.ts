import type { Agent } from './agent.ts'
import type { Content } from './memory.ts'

/** Answers of agents to agents in a row before they stop; `AGENT_LOOP_LIMIT` of the agent wins. */
const DEFAULT_AGENT_LOOP_LIMIT = 5

/**
 * How many agents in a row have spoken: 0 for what a person says, 1 for an agent's answer to it, and one
 * more for each answer of an agent to an agent. Accept writes it; no client can.
 */
export function agentHopsOf({ agentHops }: Content): number {
  const isCount = typeof agentHops === 'number' && Number.isInteger(agentHops)
  return isCount ? Math.max(agentHops, 0) : 0
}

/** For the trace: why nobody answers. */
export interface LoopStop {
  readonly rule: 'agent_loop_limit'
  readonly agentHops: number
  readonly limit: number
}

/** Two agents that answer each other would never end: from so many hops on, an agent is silent. */
export function loopStop(
  content: Content,
  { settings }: Pick<Agent, 'settings'>,
): LoopStop | undefined {
  const agentHops = agentHopsOf(content)
  const limit = limitIn(settings.AGENT_LOOP_LIMIT)
  const isOver = agentHops > 0 && agentHops >= limit
  return isOver ? { rule: 'agent_loop_limit', agentHops, limit } : undefined
}

/** What is not a number from 0 on is as good as unset: a typing error must not open a loop. */
function limitIn(setting: unknown): number {
  const isText = typeof setting === 'string' && setting.trim() !== ''
  const limit = isText ? Number(setting) : setting
  const isLimit = typeof limit === 'number' && Number.isInteger(limit) && limit >= 0
  return isLimit ? limit : DEFAULT_AGENT_LOOP_LIMIT
}
