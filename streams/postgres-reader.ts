import type pg from 'pg'
import { readRows, register, type StreamRow, toEvents, unregister } from './postgres-rows.ts'
import { retryDelayMs } from './retry-delay.ts'
import { openFeed, type TurnFeed, takeRows } from './turn-feed.ts'
import type { StreamEvent } from './turn-stream.ts'

export interface ReaderOptions {
  readonly pool: pg.Pool
  readonly channel: string
  readonly onEvent: (turnId: string, event: StreamEvent) => void
  readonly onError: (error: unknown) => void
}

/**
 * Follows the turns that have readers in this process: registers them, and reads their rows when a
 * notice names them. One statement at a time for all turns together, so that it holds one connection
 * of the pool, however many streams there are.
 */
export class PostgresReader {
  readonly #options: ReaderOptions
  readonly #feeds = new Map<string, TurnFeed>()
  readonly #toRegister = new Set<string>()
  readonly #toUnregister = new Set<string>()
  readonly #toRead = new Set<string>()
  readonly #gapTimers = new Set<NodeJS.Timeout>()
  #retry: NodeJS.Timeout | undefined
  #working: Promise<void> | undefined
  #failures = 0
  #isClosed = false

  constructor(options: ReaderOptions) {
    this.#options = options
  }

  join(turnId: string): void {
    const feed = this.#feeds.get(turnId) ?? openFeed()
    feed.readers += 1
    this.#feeds.set(turnId, feed)
    if (feed.readers > 1) return
    this.#toUnregister.delete(turnId)
    this.#toRegister.add(turnId)
    this.read([turnId])
  }

  leave(turnId: string): void {
    const feed = this.#feeds.get(turnId)
    if (!feed) return
    feed.readers -= 1
    if (feed.readers > 0) return
    this.#feeds.delete(turnId)
    this.#toRegister.delete(turnId)
    this.#toUnregister.add(turnId)
    this.#work()
  }

  /** Reads what is new of these turns, as far as anybody here follows them. */
  read(turnIds: Iterable<string>): void {
    for (const turnId of turnIds) if (this.#feeds.has(turnId)) this.#toRead.add(turnId)
    this.#work()
  }

  /** Renews every registration and reads everything: after a cut, and now and then. */
  renew(): void {
    for (const turnId of this.#feeds.keys()) this.#toRegister.add(turnId)
    this.read(this.#feeds.keys())
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#retry)
    for (const timer of this.#gapTimers) clearTimeout(timer)
    await this.#working
  }

  #work(): void {
    if (this.#working || this.#isClosed || this.#retry || !this.#hasWork()) return
    this.#working = this.#workOff().finally(() => {
      this.#working = undefined
      this.#work() // What came between the last look and here.
    })
  }

  async #workOff(): Promise<void> {
    while (this.#hasWork() && !this.#isClosed) {
      try {
        await this.#step()
        this.#failures = 0
      } catch (error) {
        this.#options.onError(error)
        this.#failures += 1
        this.#retry = setTimeout(() => this.#again(), retryDelayMs(this.#failures))
        return
      }
    }
  }

  #again(): void {
    this.#retry = undefined
    this.#work()
  }

  #hasWork(): boolean {
    return this.#toUnregister.size + this.#toRegister.size + this.#toRead.size > 0
  }

  /** Registers before it reads, each committed by itself: whatever comes later is announced. */
  async #step(): Promise<void> {
    const { pool, channel } = this.#options
    await withTaken(this.#toUnregister, (ids) => unregister(pool, channel, ids))
    await withTaken(this.#toRegister, async (ids) => {
      const followed = ids.filter((turnId) => this.#feeds.has(turnId))
      if (followed.length > 0) await register(pool, channel, followed)
    })
    await withTaken(this.#toRead, (ids) => this.#readTurns(ids))
  }

  async #readTurns(turnIds: readonly string[]): Promise<void> {
    const from = turnIds.flatMap((turnId) => {
      const feed = this.#feeds.get(turnId)
      return feed ? [{ turnId, ...feed.reached }] : []
    })
    if (from.length === 0) return
    const rows = await readRows(this.#options.pool, from)
    const byTurn = Map.groupBy(rows, ({ turnId }) => turnId)
    for (const [turnId, turnRows] of byTurn) this.#take(turnId, turnRows)
  }

  #take(turnId: string, rows: readonly StreamRow[]): void {
    const feed = this.#feeds.get(turnId)
    if (!feed) return
    const { taken, rereadInMs } = takeRows(feed, rows, performance.now())
    for (const row of taken) {
      for (const event of toEvents(row)) this.#options.onEvent(turnId, event)
    }
    if (rereadInMs !== undefined) this.#readLater(turnId, rereadInMs)
  }

  #readLater(turnId: string, delayMs: number): void {
    const timer = setTimeout(() => {
      this.#gapTimers.delete(timer)
      this.read([turnId])
    }, delayMs)
    this.#gapTimers.add(timer)
  }
}

/** Empties the set for the work, and puts back what was in it when the work fails. */
async function withTaken(
  waiting: Set<string>,
  work: (turnIds: string[]) => Promise<void>,
): Promise<void> {
  if (waiting.size === 0) return
  const taken = [...waiting]
  waiting.clear()
  try {
    await work(taken)
  } catch (error) {
    for (const turnId of taken) waiting.add(turnId)
    throw error
  }
}
