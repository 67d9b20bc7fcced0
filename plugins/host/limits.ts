/** What a member is, as far as its limits differ. */
export type MemberKind =
  | 'provider'
  | 'validate'
  | 'action'
  | 'evaluator'
  | 'event'
  | 'init'
  | 'service'
  | 'stop'
  | 'route'
  | 'task'

export interface HostLimits {
  /** Milliseconds that one call of a member may take. Of models, silence is watched elsewhere. */
  readonly timeMs: Readonly<Record<MemberKind, number>>
  /** Messages that one action may say. */
  readonly callbacks: number
  /** Failures in a row after which a member is not asked for `pauseMs`. */
  readonly failuresInRow: number
  readonly pauseMs: number
  /** Event handlers of one process that work at the same time for turns; the others wait. */
  readonly eventsAtOnce: number
  /** Milliseconds that one member may keep the whole process from working before it is named. */
  readonly blockMs: number
}

export const DEFAULT_LIMITS: HostLimits = {
  timeMs: {
    provider: 5_000,
    validate: 1_000,
    // A turn that ends sooner aborts it sooner.
    action: 120_000,
    evaluator: 120_000,
    event: 5_000,
    init: 30_000,
    service: 30_000,
    stop: 5_000,
    // It may stream for hours: who asks waits a minute for its first byte (api/plugin-routes).
    route: 2 ** 31 - 1,
    task: 300_000,
  },
  callbacks: 20,
  failuresInRow: 5,
  pauseMs: 60_000,
  eventsAtOnce: 32,
  blockMs: 500,
}

/** Asked over and over, and dispensable: what fails each time is left alone for a while. */
const PAUSED_KINDS: readonly MemberKind[] = ['provider', 'evaluator', 'event']

export const isPausable = (kind: MemberKind): boolean => PAUSED_KINDS.includes(kind)
