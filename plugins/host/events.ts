import type { ElizaEventHandler } from '../contract.ts'
import { currentScope, type MemberScope, workOf } from '../scope.ts'
import type { AdaptPorts } from './adapt-ports.ts'
import type { Buffered } from './event-context.ts'
import { bufferedOrLate, type LatePorts } from './late-events.ts'
import { bareScopeOf, turnScopeOf } from './turn-scope.ts'

/** A handler, and whose it is. */
export interface EventListener {
  readonly plugin: string
  readonly handler: ElizaEventHandler
}

export interface AgentEvents {
  has(name: string): boolean
  /**
   * Runs the handlers of all names side by side and waits for them, each in its scope and within its time.
   * One that fails is counted and named, and nothing else happens: its writes are dropped. Never throws.
   *
   * @param payload given to each handler as a copy of its own, with `runtime` and `source` added
   */
  emit(
    names: readonly string[],
    payload: EventPayload,
    /** What a handler works with. @default the step in which it is emitted; outside of turns, none */
    workFor?: (handler: string) => Buffered | undefined,
  ): Promise<void>
}

/** Made anew for each handler where it is a function. */
export type EventPayload =
  | Record<string, unknown>
  | ((work: Buffered | undefined) => Record<string, unknown>)

/** Of one event; a plugin that registers more forgets to take them away. */
const MAX_LISTENERS = 200

/** @param listeners of a name, in the order in which they were registered */
export function createAgentEvents(
  ports: AdaptPorts & LatePorts,
  listeners: (name: string) => readonly EventListener[],
): AgentEvents {
  const listened = (name: string) => listeners(name).slice(0, MAX_LISTENERS)
  return {
    has: (name) => listeners(name).length > 0,
    async emit(names, payload, workFor = withinStep(ports)) {
      const runs = names.flatMap((name) =>
        listened(name).map((listener, ordinal) =>
          told(ports, listener, { name: `${name} #${ordinal + 1}`, payload, workFor }),
        ),
      )
      await Promise.all(runs)
    },
  }
}

/** Of the member that emits, while it is at work in a step that takes writes. */
function withinStep(ports: LatePorts): (handler: string) => Buffered | undefined {
  const scope = currentScope()
  const isIn = scope?.state === 'open' && scope.agentId === ports.agentId
  const work = isIn && scope.turn ? workOf(scope.turn) : undefined
  return (handler) => (work ? bufferedOrLate(ports, work, handler) : undefined)
}

interface Telling {
  /** `RUN_STARTED #1`. */
  readonly name: string
  readonly payload: EventPayload
  workFor(handler: string): Buffered | undefined
}

async function told(
  { isolation, agentId, runtime }: AdaptPorts,
  { plugin, handler }: EventListener,
  { name, payload, workFor }: Telling,
): Promise<void> {
  const member = `event ${name}`
  let hasRun = false
  try {
    if (isolation.isPaused({ plugin, kind: 'event', name })) return
    const work = workFor(`${plugin}:${name}`)
    const signal = work?.context.signal
    const scope = (life: AbortSignal, member: string): MemberScope =>
      work
        ? turnScopeOf({ agentId, plugin, member, context: { ...work.context, signal: life } })
        : bareScopeOf({ agentId, plugin, member })
    await isolation.run({ plugin, kind: 'event', name, ...(signal && { signal }), scope }, () => {
      const own = typeof payload === 'function' ? payload(work) : { ...payload }
      return handler({ ...own, runtime: runtime(), source: own.source ?? 'runtime' })
    })
    hasRun = true
    await work?.flush()
  } catch (error) {
    // What its member did wrong is counted and logged already; a commit that fails is not.
    isolation.health.unclear({ plugin, member })
    if (hasRun || !isNamed(error)) isolation.health.note({ plugin, member }, error)
  }
}

const isNamed = (error: unknown) => error instanceof Error && error.name === 'PluginError'
