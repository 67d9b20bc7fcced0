import type { Assembly } from './assembly.ts'

/** Agents whose plugins are started at the same time: each may import packages and open connections. */
const AT_ONCE = 4

/**
 * Starts the plugins of every agent that runs, so that services and routes work before the first message.
 * What fails is in the log and in the agent's report, and is tried again with its next turn.
 */
export async function openAgents({ agents, log }: Assembly, signal: AbortSignal): Promise<void> {
  const waiting = (await agents.list()).filter(({ status }) => status === 'active')
  const openNext = async (): Promise<void> => {
    for (let row = waiting.shift(); row && !signal.aborted; row = waiting.shift()) {
      const { id, updated_at: updatedAt } = row
      await agents.registry
        .get(id, updatedAt.getTime())
        .catch((err: unknown) => log.warn({ err, agentId: id }, 'The agent could not be started.'))
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, openNext))
}
