import { setTimeout as delay } from 'node:timers/promises'
import type { OpenDatabase } from '../database/open.ts'
import { type AgentStanding, agentStandings, agentsAtWork } from '../memory/agent-standings.ts'
import type { Logger } from '../observability/log.ts'
import type { RunningPluginHost } from '../plugins/host/plugin-host.ts'
import type { AgentStore } from './agent-store.ts'

/** Keeps the plugins of this process with what the agents' rows say, whoever changed them. */
export interface AgentFollower {
  /** Ends the plugins of agents that were stopped or deleted; while it runs, starts those of started and changed ones. */
  look(): Promise<void>
  /** Now, whatever its turns do. */
  close(agentId: string): Promise<void>
  /** Looks every `intervalMs` until `signal` is aborted. A second call does nothing. */
  run(intervalMs: number, signal: AbortSignal): Promise<void>
}

export interface FollowerInput {
  readonly db: OpenDatabase['db']
  readonly agents: Pick<AgentStore, 'registry' | 'forget'>
  readonly host: Pick<RunningPluginHost, 'heldIds' | 'isBusy' | 'close'>
  readonly log: Pick<Logger, 'warn'>
  /** The process ends: nothing is started any more. */
  readonly stopped: AbortSignal
}

/** Agents whose plugins are started at the same time: each may import packages and open connections. */
const AT_ONCE = 4

export function createAgentFollower(input: FollowerInput): AgentFollower {
  const { db, agents, host, log, stopped } = input
  /** As they were at the last look, by when they were last changed. */
  let active: ReadonlyMap<string, number> = new Map()
  let isRunning = false
  // One after the other: two looks at a time would close what the other one opens.
  let last = Promise.resolve()

  const close = async (id: string) => {
    const closing = host.close(id)
    agents.forget(id) // whoever needs it again builds it anew, behind the end of the old one
    await closing
  }
  const lookOnce = async () => {
    const rows = (await agentStandings(db)).filter(({ status }) => status === 'active')
    const standing = new Map(rows.map(({ id, updated_at: at }) => [id, at.getTime()]))
    await endStopped(input, standing, close)
    if (!isRunning) return // who only ends them does not start those of others
    const started = rows.filter(({ id }) => active.get(id) !== standing.get(id))
    active = standing
    await startAll(input, started)
  }
  const look = () => {
    const warn = (err: unknown) => log.warn({ err }, 'Nobody looked which agents were stopped.')
    last = last.then(lookOnce).catch(warn)
    return last
  }
  return {
    ...{ look, close },
    async run(intervalMs, signal) {
      if (isRunning) return
      isRunning = true
      const ended = AbortSignal.any([signal, stopped])
      while (!ended.aborted) {
        await look()
        await delay(intervalMs, undefined, { signal: ended }).catch(() => undefined)
      }
    },
  }
}

/** Running turns finish first: a later look ends what they have used. */
async function endStopped(
  { db, host }: FollowerInput,
  active: ReadonlyMap<string, unknown>,
  close: (id: string) => Promise<void>,
): Promise<void> {
  const idle = host.heldIds().filter((id) => !active.has(id) && !host.isBusy(id))
  const atWork = await agentsAtWork(db, idle)
  await Promise.all(idle.filter((id) => !atWork.has(id)).map(close))
}

/** What fails is in the log and in the agent's report, and is tried again with its next turn. */
async function startAll(
  { agents, log, stopped }: FollowerInput,
  standings: readonly AgentStanding[],
): Promise<void> {
  const waiting = [...standings]
  const startNext = async (): Promise<void> => {
    for (let row = waiting.shift(); row && !stopped.aborted; row = waiting.shift()) {
      const { id, updated_at: updatedAt } = row
      await agents.registry
        .get(id, updatedAt.getTime())
        .catch((err: unknown) => log.warn({ err, agentId: id }, 'The agent could not be started.'))
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, startNext))
}
