import { type MemberScope, outsideScope } from '../scope.ts'

/** Who keeps the process from working: code that runs without a pause, which no time limit can end. */
export interface LoopWatch {
  /** Runs the beginning of a member, up to its first wait, and knows it as running until it has ended. */
  during<T>(scope: MemberScope, work: () => Promise<T> | T): Promise<T>
  /** Whether a member of the agent runs within a turn. */
  isBusy(agentId: string): boolean
  stop(): void
}

export interface LoopWatchInput {
  readonly blockMs: number
  /**
   * @param scopes the one that did it, or all that were at work and may have.
   * @param ms for how long
   */
  onBlock(scopes: readonly MemberScope[], ms: number): void
}

const MAX_NAMED = 5

/** The timer runs only while members do. */
export function createLoopWatch({ blockMs, onBlock }: LoopWatchInput): LoopWatch {
  const running = new Set<MemberScope>()
  const intervalMs = Math.max(20, Math.floor(blockMs / 2))
  let timer: NodeJS.Timeout | undefined
  let lastBeat = 0

  const report = (scopes: readonly MemberScope[], ms: number) =>
    onBlock(scopes.slice(0, MAX_NAMED), Math.round(ms))

  const beat = () => {
    const lateMs = performance.now() - lastBeat - intervalMs
    lastBeat = performance.now()
    if (lateMs > blockMs && running.size > 0) report([...running], lateMs)
    // One that was left behind may never end.
    for (const scope of running) if (scope.state === 'ended') running.delete(scope)
    if (running.size === 0) stop()
  }

  const start = () => {
    if (!timer) lastBeat = performance.now()
    // It belongs to no member, whoever happens to start it.
    timer ??= outsideScope(() => setInterval(beat, intervalMs).unref())
  }

  const stop = () => {
    clearInterval(timer)
    timer = undefined
  }

  const begin = <T>(scope: MemberScope, work: () => Promise<T> | T): Promise<T> | T => {
    const startedAt = performance.now()
    try {
      return work()
    } finally {
      const ms = performance.now() - startedAt
      if (ms > blockMs) report([scope], ms)
      if (ms > blockMs) lastBeat = performance.now() // the others are not to be suspected
    }
  }

  return {
    async during(scope, work) {
      running.add(scope)
      start()
      try {
        return await begin(scope, work)
      } finally {
        // Not before the timer had its turn: a member that blocks and then returns is still known.
        setImmediate(() => {
          running.delete(scope)
          if (running.size === 0) stop()
        })
      }
    },
    isBusy: (agentId) => [...running].some((scope) => isInTurn(scope, agentId)),
    stop,
  }
}

const isInTurn = ({ agentId, turn, state }: MemberScope, wanted: string): boolean =>
  agentId === wanted && turn !== undefined && state !== 'ended'
