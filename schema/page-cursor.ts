import { z } from 'zod'

/** The last row of the page before. Microseconds, as Postgres counts: several may share a millisecond. */
export interface PageCursor {
  readonly atMicros: string
  readonly id: string
}

/** As it stands in a query: `<microseconds>.<id>`. */
export const pageCursor = z
  .string()
  .regex(/^\d{1,18}\.[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/, {
    error: 'must be the `next` of an earlier page',
  })
  .transform((text): PageCursor => {
    const [atMicros = '', id = ''] = text.split('.')
    return { atMicros, id }
  })
  .meta({ type: 'string', description: 'The `next` of the page before.' })

/** One page of rows, of which one more than `limit` was read, and the cursor of the page behind it. */
export function pageOf<Row extends { readonly at_micros: string; readonly id: string }>(
  rows: readonly Row[],
  limit: number,
): { readonly shown: readonly Row[]; readonly next: string | null } {
  const shown = rows.slice(0, limit)
  const last = rows.length > limit ? shown.at(-1) : undefined
  return { shown, next: last ? `${last.at_micros}.${last.id}` : null }
}
