import type { JsonObject } from '../schema/json.ts'
import type { AgentLoad } from '../turns/agent-loads.ts'
import { ElizaOSEventType } from './system-events.ts'

/** `error`: it runs, and its newest turn failed or timed out. */
export type AgentStatus = 'active' | 'inactive' | 'error'

export interface AgentInfo {
  readonly id: string
  readonly name: string
  readonly status: AgentStatus
  /** Without secrets. */
  readonly character: JsonObject
  /** Milliseconds since the epoch. */
  readonly createdAt: number
  readonly updatedAt: number
  /** Turns that run, and turns that wait. */
  readonly running: number
  readonly queued: number
  /** The newest turn that has ended. */
  readonly lastTurn?: {
    readonly turnId: string
    readonly state: string
    readonly code: string | null
    readonly at: number
  }
}

export type Emit = (type: string, data: Readonly<Record<string, unknown>>) => void

/** What the getters answer from: as the database had it at the last look. */
export interface Roster {
  get(id: string): AgentInfo | undefined
  all(): readonly AgentInfo[]
  /** Looks, and tells what has changed since: whoever changed it. One look at a time. */
  refresh(): Promise<void>
}

export function createRoster(look: () => Promise<readonly AgentLoad[]>, emit: Emit): Roster {
  let known: ReadonlyMap<string, AgentInfo> | undefined
  let looking: Promise<void> = Promise.resolve()
  const lookNow = async () => {
    const rows = await look()
    const next = new Map(rows.map((row) => [row.id, infoOf(row)]))
    const before = known
    known = next
    // What was there when the system came up is no news.
    if (before) tellChanges(before, next, emit)
  }
  return {
    get: (id) => known?.get(id.toLowerCase()),
    all: () => [...(known?.values() ?? [])],
    refresh() {
      // Behind the one that runs: it may have read before the change of whoever asks.
      looking = looking.catch(() => undefined).then(lookNow)
      return looking
    },
  }
}

function tellChanges(
  before: ReadonlyMap<string, AgentInfo>,
  now: ReadonlyMap<string, AgentInfo>,
  emit: Emit,
): void {
  for (const agent of now.values()) {
    const old = before.get(agent.id)
    if (!old) emit(ElizaOSEventType.AGENT_CREATED, factsOf(agent))
    if (isUp(agent) && !isUp(old)) emit(ElizaOSEventType.AGENT_STARTED, factsOf(agent))
    if (isUp(old) && !isUp(agent)) emit(ElizaOSEventType.AGENT_STOPPED, factsOf(agent))
  }
  for (const agent of before.values()) {
    if (!now.has(agent.id)) emit(ElizaOSEventType.AGENT_REMOVED, factsOf(agent))
  }
}

const isUp = (agent: AgentInfo | undefined) => agent !== undefined && agent.status !== 'inactive'
export const factsOf = ({ id, name }: AgentInfo) => ({ agentId: id, name })

const BAD_STATES: readonly (string | null)[] = ['failed', 'timed_out']

function infoOf(row: AgentLoad): AgentInfo {
  const { id, name, character, running, queued, lastTurnId, lastState, lastAt } = row
  const hasFailed = row.status === 'active' && BAD_STATES.includes(lastState)
  return {
    ...{ id, name, character, running, queued },
    status: hasFailed ? 'error' : row.status,
    createdAt: row.createdAt.getTime(),
    updatedAt: row.updatedAt.getTime(),
    ...(lastTurnId && lastState && lastAt
      ? {
          lastTurn: {
            turnId: lastTurnId,
            state: lastState,
            code: row.lastCode,
            at: lastAt.getTime(),
          },
        }
      : {}),
  }
}
