import type { ElizaEventHandler } from '../contract.ts'
import { currentScope, type MemberScope, workOf } from '../scope.ts'
import type { AdaptPorts } from './adapt-ports.ts'
import { type Buffered, bufferedWithin } from './event-context.ts'
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
  ports: AdaptPorts,
  listeners: (name: string) => readonly EventListener[],
): AgentEvents {
  const listened = (name: string) => listeners(name).slice(0, MAX_LISTENERS)
  return {
    has: (name) => listeners(name).length > 0,
    async emit(names, payload, workFor = withinStep()) {
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
function withinStep(): (handler: string) => Buffered | undefined {
  const scope = currentScope()
  const work = scope?.state === 'open' && scope.turn ? workOf(scope.turn) : undefined
  return () => (work ? bufferedWithin(work) : undefined)
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
    await work?.flush()
  } catch (error) {
    // What its member did wrong is counted and logged already; a commit that fails is not.
    isolation.health.unclear({ plugin, member: `event ${name}` })
    if (!isNamed(error)) isolation.health.note({ plugin, member: `event ${name}` }, error)
  }
}

const isNamed = (error: unknown) => error instanceof Error && error.name === 'PluginError'
