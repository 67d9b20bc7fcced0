import type { Agent } from '../../agent/agent.ts'
import type { LoadedTurn } from '../../agent/ports.ts'
import type { OpenedAgent, PluginHost } from '../plugin-host.ts'
import type { MemberScope } from '../scope.ts'
import { createAgentEntries } from './agent-entries.ts'
import { type Buffered, bufferedOutside, placeOf } from './event-context.ts'
import type { FailedOpening } from './failed-opening.ts'
import type { Stray } from './guard-process.ts'
import type { PluginHostInput } from './host-input.ts'
import type { Isolation } from './isolate.ts'
import { DEFAULT_LIMITS } from './limits.ts'
import { createLoopWatch } from './loop-watch.ts'
import { openAgent, type Running } from './open-agent.ts'
import { reasonOf } from './reason.ts'
import type { HostedWorker } from './run-task.ts'
import type { TurnEventHost } from './turn-events.ts'

export interface RunningPluginHost extends PluginHost, TurnEventHost {
  /** For `guardProcess`: names plugin, member and turn, and counts it. */
  noteStray(stray: Stray): void
  /** With its members and task workers, ours first. Undefined for agents that are not open. */
  agent(agentId: string): Agent | undefined
  /** The worker of a task's name that a plugin of the agent registered. */
  worker(agentId: string, task: string): HostedWorker | undefined
  /** For routes and tasks: their members run in it. Undefined for agents that are not open. */
  isolation(agentId: string): Isolation | undefined
  /** Agents whose plugins run in this process. */
  openIds(): readonly string[]
  /** The same with those that are just being opened, or failed to. */
  heldIds(): readonly string[]
  /** Whether a member of the agent runs within a turn in this process. */
  isBusy(agentId: string): boolean
  /** Why the agent's plugins could not be started; undefined when they were, or nobody tried. */
  failure(agentId: string): FailedOpening | undefined
}

export function createPluginHost(input: PluginHostInput): RunningPluginHost {
  const { limits = DEFAULT_LIMITS, log, now = Date.now } = input
  const note = (scope: MemberScope, error: unknown) =>
    running(scope.agentId)?.host.isolation.health.note(scope, error)
  const watch = createLoopWatch({
    blockMs: limits.blockMs,
    onBlock(scopes, ms) {
      for (const scope of scopes) note(scope, blockedFor(ms))
    },
  })
  const entries = createAgentEntries((hosted) => openAgent(input, hosted, watch), now)
  const { running } = entries
  return {
    ...{ log, now, atOnce: limits.eventsAtOnce },
    open: async (hosted) => (await entries.open(hosted)).opened,
    opened: (agentId): OpenedAgent | undefined => running(agentId)?.opened,
    async close(agentId) {
      await entries.close(agentId === undefined ? entries.ids() : [agentId])
      if (entries.ids().length === 0) watch.stop()
    },
    agent: (agentId) => running(agentId)?.host.agent(),
    worker: (agentId, task) => running(agentId)?.host.worker(task),
    isolation: (agentId) => running(agentId)?.host.isolation,
    openIds: () => entries.ids().filter((id) => running(id) !== undefined),
    heldIds: () => entries.ids(),
    isBusy: watch.isBusy,
    failure: entries.failure,
    events: (agentId) => running(agentId)?.host.events,
    workFor: (turn, step) => workFor(input, { turn, step, opened: running(turn.agentId), now }),
    noteStray(stray) {
      tellStray(input, stray)
      if (stray.scope) note(stray.scope, stray.error)
    },
  }
}

const blockedFor = (ms: number) =>
  new Error(
    `The process stood still for ${ms} ms while it ran. Give the thread back with await, or use a worker.`,
  )

function tellStray({ log, redact }: PluginHostInput, { kind, scope, error }: Stray): void {
  const reason = reasonOf(error, redact)
  if (!scope) {
    log.error({ reason }, `${NAMES[kind]} that nobody handles, from outside of any plugin.`)
    return
  }
  const { agentId, plugin, member, turn } = scope
  const fields = { agentId, plugin, member, ...(turn && { turnId: turn.context.turn.turnId }) }
  const sentence = `${NAMES[kind]} that nobody handles, from the ${member} of the plugin '${plugin}'.`
  log.error({ ...fields, reason }, sentence)
}

const NAMES: Readonly<Record<Stray['kind'], string>> = {
  rejection: 'A rejected promise',
  exception: 'An error',
}

interface Work {
  readonly turn: LoadedTurn
  readonly step: string
  readonly opened: Running | undefined
  now(): number
}

function workFor(
  { records, outsideCalls, outboxSource }: PluginHostInput,
  { turn, step, opened, now }: Work,
): (handler: string) => Buffered {
  return (handler) => {
    const agent = opened?.host.agent()
    if (!agent) throw new Error(`The agent '${turn.agentId}' is not open.`)
    return bufferedOutside({
      ...placeOf(turn),
      ...{ agent, step: `${step}:${handler}`, now: now() },
      signal: new AbortController().signal,
      records: records.of(agent.id),
      calls: outsideCalls(agent),
      outboxSource: outboxSource(turn.room.source, agent.id),
      commit: (writes) => records.commit(agent.id, writes),
    })
  }
}
