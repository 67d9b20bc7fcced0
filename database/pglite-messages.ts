import { inspect } from 'node:util'
import type { ForeignRows } from '../schema/foreign-sql.ts'

/**
 * What `pglite-client.ts` asks of the thread, in batches that are answered in batches: waking a thread
 * costs more than a short query. Answers are told apart by `id`.
 */
export type ThreadRequest =
  | {
      readonly id: number
      readonly kind: 'query'
      readonly sql: string
      readonly parameters: readonly unknown[]
    }
  | {
      readonly id: number
      /** SQL that is not ours: see `FOREIGN_PARSERS`. */
      readonly kind: 'query-arrays'
      readonly sql: string
      readonly parameters: readonly unknown[]
    }
  | { readonly id: number; readonly kind: 'close' }

export interface RowsReply {
  readonly id: number
  readonly kind: 'rows'
  readonly rows: Record<string, unknown>[]
  /** `INSERT`, `COMMIT`, … */
  readonly command: string
  readonly rowCount: number
  /** Their values arrive as plain `Uint8Array`s. */
  readonly byteaColumns: readonly string[]
}

/** Of columns with one name none is lost. */
export interface ArraysReply extends ForeignRows {
  readonly id: number
  readonly kind: 'arrays'
}

/** `ready` or `refused` comes first and once; the other replies name their request. */
export type ThreadReply =
  | { readonly kind: 'ready' }
  | { readonly kind: 'refused'; readonly reason: string }
  | RowsReply
  | ArraysReply
  | { readonly id: number; readonly kind: 'closed' }
  | {
      readonly id: number
      readonly kind: 'failed'
      readonly failure: Failure
      /** The engine itself broke: the thread ends after this. */
      readonly isFatal: boolean
    }

/** An error on its way between threads: cloning would keep its message and drop all else. */
export interface Failure {
  readonly message: string
  /** Postgres' own fields, named as `pg` names them. */
  readonly fields: Readonly<Record<string, string>>
}

const FIELDS = [
  ...['severity', 'code', 'detail', 'hint', 'position', 'where'],
  ...['schema', 'table', 'column', 'dataType', 'constraint', 'routine'],
]

export function describeFailure(error: unknown): Failure {
  if (!(error instanceof Error)) return { message: describeThrown(error), fields: {} }
  const found = Object.entries(error).filter(
    (entry): entry is [string, string] => FIELDS.includes(entry[0]) && typeof entry[1] === 'string',
  )
  return { message: error.message, fields: Object.fromEntries(found) }
}

/** WebAssembly's numbers of failed system calls, which PGlite throws bare. */
const ERRNO: Readonly<Record<number, string>> = {
  2: 'permission denied',
  51: 'no space left on the disk',
  63: 'operation not permitted',
  69: 'the file system is read-only',
}

function describeThrown(thrown: unknown): string {
  if (typeof thrown === 'object' && thrown !== null && 'errno' in thrown) {
    const said = ERRNO[Number(thrown.errno)]
    if (said) return said
  }
  return inspect(thrown)
}

/**
 * Whether the engine itself gave up, so that no later query would be answered: WebAssembly was
 * aborted, or Postgres panicked because it could not write its log.
 */
export function isFatal(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if (['RuntimeError', 'ExitStatus'].includes(error.name)) return true
  return 'severity' in error && (error.severity === 'PANIC' || error.severity === 'FATAL')
}
