import pg from 'pg'
import { noticedTurns } from './postgres-rows.ts'
import { retryDelayMs } from './retry-delay.ts'

/** A dead host says nothing: the connection is asked this often, and given up after 5 s of silence. */
const PING_MS = 30_000
const SILENCE_MS = 5_000

export interface ListenerOptions {
  /** A client that is not connected yet, or a `postgres://` URL. */
  readonly connect: string | (() => pg.Client)
  /** Letters, digits and `_` only: it stands in the statement as it is. */
  readonly channel: string
  /** Shown in `pg_stat_activity` when `connect` is a URL. */
  readonly applicationName: string
  readonly onNotice: (turnIds: string[]) => void
  /** The connection listens again: what was missed is to be read from the buffer. */
  readonly onListening: () => void
  readonly onError: (error: unknown) => void
}

/** Holds the one LISTEN connection of a process, and opens it again after a cut. */
export class PostgresListener {
  readonly #options: ListenerOptions
  #client: pg.Client | undefined
  #failures = 0
  #retry: NodeJS.Timeout | undefined
  #ping: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(options: ListenerOptions) {
    this.#options = options
  }

  /** Resolves after the first try, whatever came of it. */
  async open(): Promise<void> {
    const { connect, channel, applicationName, onNotice, onListening } = this.#options
    const client = typeof connect === 'string' ? clientFor(connect, applicationName) : connect()
    this.#client = client
    client.on('error', (error) => this.#lose(client, error))
    client.on('end', () => this.#lose(client, new Error('The LISTEN connection was closed.')))
    client.on('notification', ({ payload }) => onNotice(noticedTurns(payload)))
    try {
      await client.connect()
      await client.query(`listen ${channel}`)
    } catch (error) {
      return this.#lose(client, error)
    }
    if (this.#client !== client) return
    this.#failures = 0
    this.#ping = setInterval(() => void this.#check(client), PING_MS).unref()
    onListening()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#retry)
    clearInterval(this.#ping)
    const client = this.#client
    this.#client = undefined
    await client?.end().catch(this.#options.onError)
  }

  async #check(client: pg.Client): Promise<void> {
    const probe = { text: 'select 1', query_timeout: SILENCE_MS }
    await client.query(probe).catch((error: unknown) => this.#lose(client, error))
  }

  /** Heard several times for one connection (error, then end): only the first counts. */
  #lose(client: pg.Client, error: unknown): void {
    if (this.#client !== client) return
    this.#client = undefined
    clearInterval(this.#ping)
    void client.end().catch(() => undefined) // It is dead: how it says goodbye does not matter.
    this.#options.onError(error)
    if (this.#isClosed) return
    this.#failures += 1
    this.#retry = setTimeout(() => void this.open(), retryDelayMs(this.#failures))
  }
}

const clientFor = (connectionString: string, applicationName: string): pg.Client =>
  new pg.Client({
    connectionString,
    application_name: applicationName,
    keepAlive: true,
    connectionTimeoutMillis: SILENCE_MS,
  })
