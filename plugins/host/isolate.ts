import { DomainError } from '../../agent/errors.ts'
import { withinTime } from '../../agent/within-time.ts'
import { PluginError } from '../plugin-error.ts'
import { inScope, type MemberScope } from '../scope.ts'
import type { Health } from './health.ts'
import { type HostLimits, isPausable, type MemberKind } from './limits.ts'
import type { LoopWatch } from './loop-watch.ts'
import { type Redact, reasonOf } from './reason.ts'

/** One call of one member. */
export interface MemberCall {
  readonly plugin: string
  readonly kind: MemberKind
  /** `WEATHER`; empty for what a plugin has one of, such as `init`. */
  readonly name: string
  /** @default never aborted */
  readonly signal?: AbortSignal
  /** Milliseconds. @default the kind's limit */
  readonly limitMs?: number
  /** @param signal aborted with the turn, or when the time is up; not when the member has returned. */
  scope(signal: AbortSignal, member: string): MemberScope
}

/** Runs members of plugins, each in its scope and within its time. */
export interface Isolation {
  /**
   * @throws {PluginError} it threw or was late, or is left alone for a while; the message names it.
   * @throws what ours threw below it: a `DomainError` passes unchanged, as does the reason of `signal`.
   */
  run<T>(
    call: MemberCall,
    work: (signal: AbortSignal, scope: MemberScope) => Promise<T> | T,
  ): Promise<T>
  /** It is left alone for a while: nothing is asked of it, and nothing is wrong with that. */
  isPaused(call: Pick<MemberCall, 'plugin' | 'kind' | 'name'>): boolean
  readonly health: Health
}

export interface IsolationInput {
  readonly health: Health
  readonly limits: Pick<HostLimits, 'timeMs'>
  readonly watch: LoopWatch
  readonly redact: Redact
  now(): number
}

export const memberOf = ({ kind, name }: Pick<MemberCall, 'kind' | 'name'>): string =>
  name === '' ? kind : `${kind} ${name}`

const NEVER = new AbortController().signal

export function createIsolation({ health, limits, watch, redact, now }: IsolationInput): Isolation {
  const admit = ({ plugin, kind, name }: MemberCall) => {
    if (!isPausable(kind)) return
    const until = health.pausedUntil({ plugin, member: memberOf({ kind, name }) })
    if (until === undefined) return
    const seconds = Math.max(1, Math.ceil((until - now()) / 1000))
    throw new PluginError(
      plugin,
      `The ${memberOf({ kind, name })} of the plugin '${plugin}' failed too often; it is asked again in ${seconds} s.`,
    )
  }

  return {
    health,
    isPaused: ({ plugin, kind, name }) => {
      if (!isPausable(kind)) return false
      const fault = health.faults(plugin).find((f) => f.member === memberOf({ kind, name }))
      return (fault?.openUntil ?? 0) > now()
    },
    async run(call, work) {
      const { plugin, kind, signal = NEVER } = call
      const member = memberOf(call)
      signal.throwIfAborted()
      admit(call)
      const life = lifeOf(signal, kind)
      const scope = call.scope(life.signal, member)
      try {
        const result = await withinTime(signal, call.limitMs ?? limits.timeMs[kind], (inner) => {
          life.follow(inner)
          const run = () => watch.during(scope, () => work(life.signal, scope))
          return inScope(scope, run).finally(life.settle)
        })
        health.succeeded({ plugin, member })
        return result
      } catch (error) {
        const isForeign = !signal.aborted && isFaultOf(error)
        if (!isForeign) {
          health.unclear({ plugin, member })
          throw error
        }
        health.failed({ plugin, member }, error, isPausable(kind))
        throw named(plugin, member, { error, redact })
      } finally {
        scope.state = 'ended'
      }
    },
  }
}

/** What ours say below a plugin, such as a vendor that is away, is no fault of it. */
const isFaultOf = (error: unknown): boolean =>
  error instanceof PluginError || !(error instanceof DomainError)

function named(
  plugin: string,
  member: string,
  { error, redact }: { error: unknown; redact: Redact },
): PluginError {
  if (error instanceof PluginError && error.plugin === plugin) return error
  const sentence = `The ${member} of the plugin '${plugin}' failed: ${reasonOf(error, redact)}`
  return new PluginError(plugin, sentence, { cause: error })
}

/**
 * A signal that outlives the call: what a member does after it returned is late, which is not the same
 * as cancelled. The step's signal of a provider ends with the provider, so it is heard only meanwhile.
 */
function lifeOf(outer: AbortSignal, kind: MemberKind) {
  const own = new AbortController()
  let isSettled = false
  return {
    signal: kind === 'provider' ? own.signal : AbortSignal.any([outer, own.signal]),
    follow(inner: AbortSignal) {
      const forward = () => {
        if (!isSettled) own.abort(inner.reason)
      }
      inner.addEventListener('abort', forward, { once: true })
    },
    settle: () => {
      isSettled = true
    },
  }
}
