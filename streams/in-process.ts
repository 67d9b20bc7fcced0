import { type Bell, createBell } from './bell.ts'
import { append, emptyBuffer, nextItem, type TurnBuffer } from './turn-buffer.ts'
import type {
  StreamEvent,
  StreamItem,
  StreamPosition,
  SubscribeOptions,
  TurnStream,
} from './turn-stream.ts'

export interface InProcessLimits {
  /**
   * Turns kept at once. Beyond it the oldest that nobody reads goes, settled ones first; turns with
   * readers always stay.
   * @default 2000
   */
  readonly maxTurns: number
  /** UTF-8 bytes of text kept per turn; the oldest chunks go first. @default 1 MiB */
  readonly maxBytesPerTurn: number
  /** How long a settled turn is kept; one that never settles, ten times as long. @default 60000 */
  readonly keepMs: number
}

const DEFAULTS: InProcessLimits = { maxTurns: 2_000, maxBytesPerTurn: 2 ** 20, keepMs: 60_000 }

export interface InProcessStream extends TurnStream {
  /** @returns false when the event was dropped. */
  publish(turnId: string, event: StreamEvent): boolean
  /** Like `publish`, for an event that is kept elsewhere: it is forgotten with its last reader. */
  relay(turnId: string, event: StreamEvent): void
  /** What is held right now, for gauges. */
  held(): { readonly turns: number; readonly readers: number }
}

/**
 * The turn stream of one process. A reader holds only its position and takes the next item from the
 * turn's buffer when it is ready: a slow one costs nothing, and skips what the buffer has dropped.
 */
export function createInProcessStream(options: Partial<InProcessLimits> = {}): InProcessStream {
  return new TurnBuffers({ ...DEFAULTS, ...options })
}

interface KeptTurn {
  readonly buffer: TurnBuffer
  readonly readers: Set<Bell>
  /** Published here, so that this buffer is the only one. */
  isOwn: boolean
  /** Milliseconds of `performance.now()`. */
  touchedAt: number
}

class TurnBuffers implements InProcessStream {
  readonly #limits: InProcessLimits
  readonly #turns = new Map<string, KeptTurn>()
  #sweeper: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(limits: InProcessLimits) {
    this.#limits = limits
  }

  publish(turnId: string, event: StreamEvent): boolean {
    if (this.#isClosed) return false
    const turn = this.#open(turnId)
    turn.isOwn = true
    return this.#accept(turn, event)
  }

  relay(turnId: string, event: StreamEvent): void {
    const turn = this.#turns.get(turnId)
    if (turn) this.#accept(turn, event)
  }

  #accept(turn: KeptTurn, event: StreamEvent): boolean {
    if (!append(turn.buffer, event, this.#limits.maxBytesPerTurn)) return false
    turn.touchedAt = performance.now()
    for (const reader of turn.readers) reader.ring()
    return true
  }

  async *subscribe(turnId: string, options: SubscribeOptions): AsyncGenerator<StreamItem> {
    if (options.signal.aborted || this.#isClosed) return
    const turn = this.#open(turnId)
    const bell = createBell()
    turn.readers.add(bell)
    options.signal.addEventListener('abort', bell.ring)
    try {
      yield* this.#read(turn.buffer, bell, options)
    } finally {
      options.signal.removeEventListener('abort', bell.ring)
      turn.readers.delete(bell)
      this.#forgetUnlessKept(turnId, turn)
    }
  }

  async *#read(
    buffer: TurnBuffer,
    bell: Bell,
    { after, signal }: SubscribeOptions,
  ): AsyncGenerator<StreamItem> {
    let reached: StreamPosition | undefined = after
    while (!signal.aborted && !this.#isClosed) {
      const item = nextItem(buffer, reached)
      if (!item) {
        await bell.rung()
        continue
      }
      const { gen, attempt } = buffer
      reached = item.kind === 'restart' ? { gen, attempt, seq: -1 } : item
      yield item
      if (item.kind === 'settled') return
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#sweeper)
    for (const { readers } of this.#turns.values()) for (const reader of readers) reader.ring()
    this.#turns.clear()
  }

  held(): { turns: number; readers: number } {
    let readers = 0
    for (const turn of this.#turns.values()) readers += turn.readers.size
    return { turns: this.#turns.size, readers }
  }

  #open(turnId: string): KeptTurn {
    const existing = this.#turns.get(turnId)
    if (existing) return existing
    if (this.#turns.size >= this.#limits.maxTurns) this.#evictOne()
    const readers = new Set<Bell>()
    const turn = { buffer: emptyBuffer(), readers, isOwn: false, touchedAt: performance.now() }
    this.#turns.set(turnId, turn)
    this.#sweeper ??= setInterval(() => this.#sweep(), this.#limits.keepMs / 4).unref()
    return turn
  }

  #forgetUnlessKept(turnId: string, turn: KeptTurn): void {
    if (!turn.isOwn && turn.readers.size === 0) this.#turns.delete(turnId)
  }

  /** Map order is the order of arrival, so the first fit is the oldest. */
  #evictOne(): void {
    let oldest: string | undefined
    for (const [turnId, { buffer, readers }] of this.#turns) {
      if (readers.size > 0) continue
      if (buffer.settled) {
        this.#turns.delete(turnId)
        return
      }
      oldest ??= turnId
    }
    if (oldest) this.#turns.delete(oldest)
  }

  #sweep(): void {
    const now = performance.now()
    for (const [turnId, { buffer, readers, touchedAt }] of this.#turns) {
      const keepMs = this.#limits.keepMs * (buffer.settled ? 1 : 10)
      if (readers.size === 0 && now - touchedAt >= keepMs) this.#turns.delete(turnId)
    }
    if (this.#turns.size > 0) return
    clearInterval(this.#sweeper)
    this.#sweeper = undefined
  }
}
