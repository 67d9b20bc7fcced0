import { setTimeout as pause } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import pg from 'pg'
import type { ForeignRows } from '../schema/foreign-sql.ts'
import type { Failure, RowsReply, ThreadReply, ThreadRequest } from './pglite-messages.ts'

const CLOSE_TIMEOUT_MS = 5_000
const UNREF = { ref: false }

interface Pending {
  readonly resolve: (reply: ThreadReply) => void
  readonly reject: (error: Error) => void
}

/** PGlite in a thread of its own. One session: whoever needs it for himself must see to that. */
export class PgliteClient {
  readonly #worker: Worker
  readonly #pending = new Map<number, Pending>()
  readonly #batch: ThreadRequest[] = []
  #lastId = 0
  /** Why no query can be answered any more. */
  #ended: Error | undefined

  private constructor(worker: Worker) {
    this.#worker = worker
    worker.on('message', (replies: ThreadReply[]) => {
      for (const reply of replies) this.#settle(reply)
    })
    worker.on('error', (error) => this.#end(lost(error)))
    worker.on('exit', () => this.#end(lost(new Error('its thread ended'))))
  }

  /**
   * @param folder of the cluster, made when it does not exist; absent: in memory.
   * @throws {PgliteFolderError} it cannot be opened.
   */
  static async open(folder?: string): Promise<PgliteClient> {
    const worker = new Worker(new URL('./pglite-thread.ts', import.meta.url), {
      workerData: { folder },
    })
    const first = await new Promise<ThreadReply>((resolve, reject) => {
      worker.once('message', ([reply]: [ThreadReply]) => resolve(reply))
      worker.once('error', reject)
      worker.once('exit', (code) => reject(new Error(`its thread ended with code ${code}`)))
    }).catch((error: Error): ThreadReply => {
      return { kind: 'refused', reason: error.message }
    })
    if (first.kind !== 'refused') return new PgliteClient(worker)
    await worker.terminate()
    throw new PgliteFolderError(folder ?? 'memory', first.reason)
  }

  /** Queries are answered in the order of the calls. Errors are `pg`'s `DatabaseError`. */
  async query(sql: string, parameters: readonly unknown[] = []): Promise<RowsReply> {
    const reply = await this.#ask({ kind: 'query', sql, parameters }).catch((error: Error) => {
      // Made where the thread's answer came in; its reader wants to know who asked.
      Error.captureStackTrace(error)
      throw error
    })
    if (reply.kind !== 'rows') throw new Error(`The thread answered a query with '${reply.kind}'.`)
    for (const column of reply.byteaColumns) restoreBuffers(reply.rows, column)
    return reply
  }

  /** The same for SQL that is not ours. */
  async queryArrays(sql: string, parameters: readonly unknown[]): Promise<ForeignRows> {
    const reply = await this.#ask({ kind: 'query-arrays', sql, parameters })
    if (reply.kind !== 'arrays')
      throw new Error(`The thread answered a query with '${reply.kind}'.`)
    const { fields, command, rowCount } = reply
    const rows = reply.rows.map((row) => row.map(asBuffer))
    return { fields, rows, command, rowCount }
  }

  /**
   * After the queries that were asked before. Returns when the files are closed; a query that takes
   * longer than 5 s is cut off, as by a kill.
   */
  async close(): Promise<void> {
    if (this.#ended) return
    const closed = this.#ask({ kind: 'close' })
    this.#ended = closedError()
    await Promise.race([closed.catch(() => undefined), pause(CLOSE_TIMEOUT_MS, undefined, UNREF)])
    await this.#worker.terminate()
  }

  #ask(request: OmitId<ThreadRequest>): Promise<ThreadReply> {
    if (this.#ended) return Promise.reject(this.#ended)
    this.#lastId += 1
    const id = this.#lastId
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject })
      // Behind all that runs now: what is asked in one go (`begin` and the lock, the reads of several
      // providers) travels together.
      if (this.#batch.length === 0) process.nextTick(() => this.#flush())
      this.#batch.push({ ...request, id })
    })
  }

  #flush(): void {
    const batch = this.#batch.splice(0)
    try {
      this.#worker.postMessage(batch)
    } catch {
      // A parameter cannot be cloned: whoever brought it is told, the others are not held up.
      for (const request of batch) this.#post(request)
    }
  }

  #post(request: ThreadRequest): void {
    try {
      this.#worker.postMessage([request])
    } catch (error) {
      const pending = this.#pending.get(request.id)
      this.#pending.delete(request.id)
      pending?.reject(error instanceof Error ? error : new Error(String(error)))
    }
  }

  #settle(reply: ThreadReply): void {
    if (!('id' in reply)) return
    const pending = this.#pending.get(reply.id)
    this.#pending.delete(reply.id)
    if (reply.kind !== 'failed') {
      pending?.resolve(reply)
      return
    }
    const failure = databaseError(reply.failure)
    const error = reply.isFatal ? lost(failure) : failure
    if (reply.isFatal) this.#end(error)
    pending?.reject(error)
  }

  #end(error: Error): void {
    this.#ended ??= error
    for (const { reject } of this.#pending.values()) reject(this.#ended)
    this.#pending.clear()
  }
}

type OmitId<T> = T extends unknown ? Omit<T, 'id'> : never

/** The embedded database did not open. `folder` is where it lies. */
export class PgliteFolderError extends Error {
  override readonly name = 'PgliteFolderError'
  readonly folder: string

  constructor(folder: string, reason: string) {
    super(
      `The embedded database in '${folder}' cannot be opened: ${reason}. Check the rights of the ` +
        'folder and the free space of the disk. If it is damaged, put a backup in its place, or ' +
        'move it away to start with an empty database.',
    )
    this.folder = folder
  }
}

function databaseError({ message, fields }: Failure): Error {
  return Object.assign(new pg.DatabaseError(message, message.length, 'error'), fields)
}

const closedError = () =>
  databaseError({ message: 'The database is closed.', fields: { code: '08003' } })

function lost(cause: Error): Error {
  const message =
    `The embedded database broke down: ${cause.message}. What was committed is on the disk; ` +
    'remove the cause and start the program again.'
  return Object.assign(databaseError({ message, fields: { code: '57P02' } }), { cause })
}

function restoreBuffers(rows: Record<string, unknown>[], column: string): void {
  for (const row of rows) {
    row[column] = asBuffer(row[column])
  }
}

const asBuffer = (value: unknown): unknown =>
  value instanceof Uint8Array
    ? Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    : value
