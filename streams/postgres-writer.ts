import type pg from 'pg'
import {
  insertRows,
  notifyListeners,
  type PublishedEvent,
  type StreamRow,
  toRows,
} from './postgres-rows.ts'
import { retryDelayMs } from './retry-delay.ts'
import type { StreamEvent } from './turn-stream.ts'

/** Between two batches of a process. */
const BATCH_MS = 50
/** UTF-8 bytes of text that may wait while Postgres is away; the oldest go first. */
const MAX_WAITING_BYTES = 8 * 2 ** 20
const MAX_WAITING_EVENTS = 100_000

export interface WriterOptions {
  readonly pool: pg.Pool
  /** NOTIFY channel of this process, which needs no notice of its own events. */
  readonly channel: string
  readonly onError: (error: unknown) => void
}

/**
 * Sends what this process publishes to the shared buffer: one batch at a time, so that the chunks of
 * an attempt become visible in their order, and at most one per 50 ms, except that the first chunk of
 * an attempt and the ending go at once.
 */
export class PostgresWriter {
  readonly #options: WriterOptions
  #waiting: PublishedEvent[] = []
  #waitingBytes = 0
  /** The batch on its way; it stays here until Postgres has it, also over failures. */
  #batch: StreamRow[] = []
  #isUrgent = false
  #failures = 0
  #lastBatchAt = Number.NEGATIVE_INFINITY
  #timer: NodeJS.Timeout | undefined
  #sending: Promise<void> | undefined
  #isClosed = false

  constructor(options: WriterOptions) {
    this.#options = options
  }

  /** Does not throw and does not wait. */
  add(turnId: string, event: StreamEvent): void {
    if (this.#isClosed) return
    this.#waiting.push({ turnId, event })
    this.#waitingBytes += bytesOf(event)
    if (this.#waitingBytes > MAX_WAITING_BYTES || this.#waiting.length > MAX_WAITING_EVENTS) {
      this.#dropOldest()
    }
    if (event.kind === 'settled' || event.seq === 0) this.#isUrgent = true
    this.#schedule()
  }

  /** Sends what waits, unless Postgres is away. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    await this.#sending
    if (this.#failures === 0) await this.#send()
  }

  /** A tenth at a time: dropping one by one would move the whole array with every chunk. */
  #dropOldest(): void {
    const dropped = this.#waiting.splice(0, Math.ceil(this.#waiting.length / 10))
    for (const { event } of dropped) this.#waitingBytes -= bytesOf(event)
  }

  #schedule(): void {
    if (this.#sending || this.#isClosed) return
    if (this.#batch.length === 0 && this.#waiting.length === 0) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#start(), this.#delayMs())
  }

  #delayMs(): number {
    const idleMs = performance.now() - this.#lastBatchAt
    if (this.#failures > 0) return Math.max(0, retryDelayMs(this.#failures) - idleMs)
    return this.#isUrgent ? 0 : Math.max(0, BATCH_MS - idleMs)
  }

  #start(): void {
    this.#sending = this.#send().finally(() => {
      this.#sending = undefined
      this.#schedule()
    })
  }

  async #send(): Promise<void> {
    if (this.#batch.length === 0) this.#batch = this.#takeWaiting()
    if (this.#batch.length === 0) return
    this.#lastBatchAt = performance.now()
    const { pool, channel, onError } = this.#options
    try {
      await insertRows(pool, this.#batch)
      await notifyListeners(pool, [...new Set(this.#batch.map(({ turnId }) => turnId))], channel)
      this.#batch = []
      this.#failures = 0
    } catch (error) {
      if (isAboutTheRows(error)) this.#batch = []
      this.#failures += 1
      onError(error)
    }
  }

  #takeWaiting(): StreamRow[] {
    const rows = toRows(this.#waiting)
    this.#waiting = []
    this.#waitingBytes = 0
    this.#isUrgent = false
    return rows
  }
}

const bytesOf = (event: StreamEvent): number =>
  event.kind === 'chunk' ? Buffer.byteLength(event.text) : 0

/** SQLSTATE classes 22, 23 and 42: the same rows would be refused for ever. */
function isAboutTheRows(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    /^(22|23|42)...$/.test(error.code)
  )
}
