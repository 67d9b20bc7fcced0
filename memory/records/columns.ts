import { type RawBuilder, sql } from 'kysely'
import type { JsonObject } from '../../schema/json.ts'
import { json } from '../../schema/sql-json.ts'
import { storableText } from '../../schema/text.ts'

/**
 * Later for a later write of one transaction: PGlite's clock has milliseconds, and `now()` stands still.
 * @param ordinal which of the transaction's writes it is
 */
export const writtenAt = (ordinal: number): RawBuilder<Date> =>
  sql`clock_timestamp() + ${ordinal}::int * interval '1 microsecond'`

/** For a column that may be null, or a value that may be absent. */
export const textOrNull = (text: string | undefined): string | null =>
  text === undefined ? null : storableText(text)

export const jsonOrNull = (object: JsonObject | undefined): string | null =>
  object === undefined ? null : json(object)
