import { type RawBuilder, sql } from 'kysely'
import { MAX_LISTED } from '../../agent/records.ts'
import { isUuid } from '../../schema/ids.ts'
import { storableText } from '../../schema/text.ts'

export type Condition = RawBuilder<unknown> | undefined

/** Those that were asked for, joined. There must be one. */
export const allOf = (...conditions: readonly Condition[]): RawBuilder<unknown> =>
  sql.join(
    conditions.filter((condition) => condition !== undefined),
    sql` and `,
  )

/** Of a column of type uuid. Plugins name what is no UUID: nothing is there, and that is no error. */
export function isId(column: string, id: string | undefined): Condition {
  if (id === undefined) return undefined
  return isUuid(id) ? sql`${sql.ref(column)} = ${id}::uuid` : sql`false`
}

export const isAmong = (column: string, ids: readonly string[] | undefined): Condition =>
  ids && sql`${sql.ref(column)} = any(${uuidsOf(ids)}::uuid[])`

export const uuidsOf = (ids: readonly string[]): string[] => ids.filter(isUuid)

/** Of a column of type text. */
export const isText = (column: string, text: string | undefined): Condition =>
  text === undefined ? undefined : sql`${sql.ref(column)} = ${storableText(text)}`

export const DEFAULT_COUNT = 10

/** Plugins ask for 50,000, for -1 and for NaN. */
export function limitOf(count: number | undefined = DEFAULT_COUNT): number {
  return Number.isNaN(count) ? DEFAULT_COUNT : clamp(count, MAX_LISTED)
}

export const offsetOf = (offset: number | undefined = 0): number =>
  Number.isNaN(offset) ? 0 : clamp(offset, Number.MAX_SAFE_INTEGER)

const clamp = (count: number, most: number) => Math.trunc(Math.min(Math.max(count, 0), most))

/** The year 1 and the year 275,760: what is beyond them is cut, as no row lies there. */
const FIRST_MS = -62_135_596_800_000
const LAST_MS = 8_640_000_000_000_000

/** A time in milliseconds since the epoch, for a statement. */
export const time = (ms: number): RawBuilder<Date> =>
  sql`to_timestamp(${Math.min(Math.max(ms, FIRST_MS), LAST_MS)}::float8 / 1000)`

/** `[0.1,0.2]`, as pgvector reads and writes it. */
export const vectorText = (vector: readonly number[]): string => JSON.stringify(vector)

/** At most pgvector's length, and no value that it refuses. */
export const isVector = (vector: readonly number[]): boolean =>
  vector.length > 0 &&
  vector.length <= 16_000 &&
  vector.every((value) => Number.isFinite(Math.fround(value)))
