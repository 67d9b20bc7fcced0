import { randomBytes } from 'node:crypto'
import type pg from 'pg'
import { isUuid } from '../schema/ids.ts'
import { createInProcessStream, type InProcessLimits, type InProcessStream } from './in-process.ts'
import { PostgresListener } from './postgres-listener.ts'
import { PostgresReader } from './postgres-reader.ts'
import { sweepOldRows, unregisterAll } from './postgres-rows.ts'
import { PostgresWriter } from './postgres-writer.ts'
import type { StreamEvent, StreamItem, SubscribeOptions, TurnStream } from './turn-stream.ts'
import { within } from './within.ts'

/** Registrations are renewed and old rows removed this often; both live for 10 minutes. */
const UPKEEP_MS = 60_000
/** A database that does not answer must not hold up the end of the process. */
const GOODBYE_MS = 2_000

export interface PostgresStreamOptions {
  /** For short statements, one after the other: at most three of its connections are in use. Stays open. */
  readonly pool: pg.Pool
  /**
   * Opens the connection that listens: a `postgres://` URL, or a client that is not connected yet.
   * It must reach the server itself, not a pooler in transaction mode.
   */
  readonly connect: string | (() => pg.Client)
  /** Names this process in the database. @default 'turnkeeper' */
  readonly processName?: string
  /** What went wrong behind the scenes; everything is tried again by itself. @default silence */
  readonly onError?: (error: unknown) => void
  readonly limits?: Partial<InProcessLimits>
}

/**
 * The turn stream between processes: text in an unlogged table that is swept after 10 minutes, ids in
 * NOTIFY. Readers of the publishing process are served at once, without Postgres.
 *
 * A database that cannot be reached rejects nothing: it is tried again with growing pauses (5 s at
 * most), while up to 8 MiB of text wait.
 */
export async function createPostgresStream(options: PostgresStreamOptions): Promise<TurnStream> {
  const stream = new PostgresTurnStream(options)
  await stream.open()
  return stream
}

class PostgresTurnStream implements TurnStream {
  readonly #pool: pg.Pool
  readonly #channel: string
  readonly #onError: (error: unknown) => void
  readonly #local: InProcessStream
  readonly #writer: PostgresWriter
  readonly #reader: PostgresReader
  readonly #listener: PostgresListener
  #upkeep: NodeJS.Timeout | undefined
  #upkeepRun: Promise<void> | undefined

  constructor(options: PostgresStreamOptions) {
    const { pool, connect, processName = 'turnkeeper', onError = () => undefined } = options
    const channel = channelFor(processName)
    const local = createInProcessStream(options.limits)
    const shared = { pool, channel, onError }
    const reader = new PostgresReader({
      ...shared,
      onEvent: (turnId, event) => local.relay(turnId, event),
    })
    this.#listener = new PostgresListener({
      ...{ connect, channel, onError, applicationName: `${processName} turn stream` },
      onNotice: (turnIds) => reader.read(turnIds),
      onListening: () => reader.renew(),
    })
    this.#writer = new PostgresWriter(shared)
    this.#pool = pool
    this.#channel = channel
    this.#onError = onError
    this.#local = local
    this.#reader = reader
  }

  async open(): Promise<void> {
    await this.#listener.open()
    this.#upkeep = setInterval(() => this.#keepUp(), UPKEEP_MS * (0.8 + 0.4 * Math.random()))
    this.#upkeep.unref()
  }

  publish(turnId: string, event: StreamEvent): void {
    const key = turnId.toLowerCase()
    if (this.#local.publish(key, event) && isUuid(key)) this.#writer.add(key, event)
  }

  /** What is no id of a turn stays out of Postgres, where it would fail everybody's statement. */
  async *subscribe(turnId: string, options: SubscribeOptions): AsyncGenerator<StreamItem> {
    if (options.signal.aborted) return
    const key = turnId.toLowerCase() // As Postgres writes ids.
    const isShared = isUuid(key)
    if (isShared) this.#reader.join(key)
    try {
      yield* this.#local.subscribe(key, options)
    } finally {
      if (isShared) this.#reader.leave(key)
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#upkeep)
    await this.#local.close()
    await within(GOODBYE_MS, this.#sayGoodbye())
  }

  async #sayGoodbye(): Promise<void> {
    await Promise.all([
      this.#writer.close(),
      this.#reader.close(),
      this.#listener.close(),
      this.#upkeepRun,
    ])
    await unregisterAll(this.#pool, this.#channel).catch(this.#onError)
  }

  #keepUp(): void {
    this.#reader.renew()
    this.#upkeepRun = sweepOldRows(this.#pool).catch(this.#onError)
  }
}

/** A NOTIFY channel of this process alone: at most 63 bytes, in letters that need no quotes. */
function channelFor(processName: string): string {
  const readable = processName.toLowerCase().replace(/[^a-z0-9]/g, '_')
  return `turns_${readable.slice(0, 32)}_${randomBytes(8).toString('hex')}`
}
