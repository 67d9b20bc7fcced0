import type { LoadedTurn } from '../../agent/ports.ts'
import { wordsOf } from '../../agent/words-of.ts'
import type { HostedAgent, OpenedAgent, PluginHost } from '../plugin-host.ts'
import type { MemberScope } from '../scope.ts'
import { type Buffered, bufferedOutside, placeOf } from './event-context.ts'
import { fingerprintOf } from './fingerprint.ts'
import type { Stray } from './guard-process.ts'
import type { PluginHostInput } from './host-input.ts'
import type { Isolation } from './isolate.ts'
import { DEFAULT_LIMITS } from './limits.ts'
import { createLoopWatch } from './loop-watch.ts'
import { openAgent, type Running } from './open-agent.ts'
import type { TurnEventHost } from './turn-events.ts'

export interface RunningPluginHost extends PluginHost, TurnEventHost {
  /** For `guardProcess`: names plugin, member and turn, and counts it. */
  noteStray(stray: Stray): void
  /** For routes and tasks: their members run in it. Undefined for agents that are not open. */
  isolation(agentId: string): Isolation | undefined
}

/** A required plugin that failed is not tried again for so long. */
const RETRY_AFTER_MS = 30_000

interface Entry {
  readonly fingerprint: string
  version: number
  readonly opening: Promise<Running>
  running?: Running
  /** Milliseconds since the epoch. */
  failedAt?: number
}

export function createPluginHost(input: PluginHostInput): RunningPluginHost {
  const { limits = DEFAULT_LIMITS, log, now = Date.now } = input
  const entries = new Map<string, Entry>()
  const running = (agentId: string) => entries.get(agentId)?.running
  const watch = createLoopWatch({
    blockMs: limits.blockMs,
    onBlock: (scopes, ms) => noteBlock(scopes, ms),
  })

  const noteBlock = (scopes: readonly MemberScope[], ms: number) => {
    const blocked = new Error(
      `The process stood still for ${ms} ms while it ran. Give the thread back with await, or use a worker.`,
    )
    for (const { agentId, plugin, member } of scopes) {
      running(agentId)?.host.isolation.health.note({ plugin, member }, blocked)
    }
  }

  const stopEntry = async ({ opening }: Entry): Promise<void> => {
    const opened = await opening.catch(() => undefined)
    await opened?.stop()
  }

  /** Behind the older one's end: two instances of a service would take each other's connection. */
  const begin = (hosted: HostedAgent, before: Entry | undefined): Entry => {
    const open = async () => {
      if (before) await stopEntry(before)
      return openAgent(input, hosted, watch)
    }
    const { version } = hosted
    const entry: Entry = { fingerprint: fingerprintOf(hosted), version, opening: open() }
    entry.opening.then(
      (opened) => {
        entry.running = opened
      },
      () => {
        entry.failedAt = now()
      },
    )
    entries.set(hosted.id, entry)
    return entry
  }

  const entryFor = (hosted: HostedAgent): Entry => {
    const entry = entries.get(hosted.id)
    if (!entry) return begin(hosted, undefined)
    const isOlder = hosted.version < entry.version
    const isSame = isOlder || entry.fingerprint === fingerprintOf(hosted)
    const isStale = entry.failedAt !== undefined && now() - entry.failedAt > RETRY_AFTER_MS
    return isSame && !isStale ? entry : begin(hosted, entry)
  }

  return {
    log,
    now,
    atOnce: limits.eventsAtOnce,
    async open(hosted) {
      const entry = entryFor(hosted)
      const { opened, host } = await entry.opening
      if (hosted.version > entry.version) {
        entry.version = hosted.version
        host.update(hosted)
      }
      return opened
    },
    opened: (agentId): OpenedAgent | undefined => running(agentId)?.opened,
    async close(agentId) {
      const ids = agentId === undefined ? [...entries.keys()] : [agentId]
      const ending = ids.flatMap((id) => entries.get(id) ?? [])
      for (const id of ids) entries.delete(id)
      await Promise.all(ending.map(stopEntry))
      if (entries.size === 0) watch.stop()
    },
    isolation: (agentId) => running(agentId)?.host.isolation,
    events: (agentId) => running(agentId)?.host.events,
    workFor: (turn, step) => workFor(input, { turn, step, opened: running(turn.agentId), now }),
    noteStray({ kind, scope, error }) {
      if (!scope) {
        log.error({ error }, `A ${kind} that nobody handled, outside of any plugin.`)
        return
      }
      const { agentId, plugin, member, turn } = scope
      const fields = { agentId, plugin, member, ...(turn && { turnId: turn.context.turn.turnId }) }
      const reason = input.redact(wordsOf(error)).slice(0, 500)
      const sentence = `The ${member} of the plugin '${plugin}' left a ${kind} that nobody handles.`
      log.error({ ...fields, reason }, sentence)
      running(agentId)?.host.isolation.health.note({ plugin, member }, error)
    },
  }
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
