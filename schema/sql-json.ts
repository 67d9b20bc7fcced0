import { storableJson } from './text.ts'

// What `jsonb` refuses once it is escaped: NUL, and surrogates, which JSON.stringify escapes only
// when they are alone.
const REFUSED = /\\u0000|\\ud[89a-f]/i

/**
 * A value for a `jsonb` column or parameter, on `pg` and on PGlite alike. Both would do something of
 * their own with a plain value: `pg` makes a Postgres array of an array. In raw SQL add the cast:
 * `${json(value)}::jsonb`. Columns are read as parsed values, so there is nothing to undo.
 *
 * `json(null)` is JSON's null; for SQL's NULL write `null`. NUL and lone surrogates become U+FFFD.
 */
export function json(value: object | string | number | boolean | null): string {
  const text = JSON.stringify(value)
  return REFUSED.test(text) ? JSON.stringify(storableJson(value)) : text
}
