import type { ForeignQuery, ForeignRows } from '../../schema/foreign-sql.ts'

/** The part of `drizzle-orm/pg-proxy` that is used. */
export type Drizzle = (callback: DrizzleCallback) => object

export type DrizzleCallback = (
  sql: string,
  params: readonly unknown[],
  method: string,
) => Promise<{ rows: unknown }>

/**
 * Rows are arrays, of which drizzle makes what was selected. `db.execute` is not looked at by drizzle: it
 * gets what the driver of Postgres gives.
 */
export const asDrizzle =
  (query: ForeignQuery): DrizzleCallback =>
  async (sql, params, method) => {
    const answer = await query(sql, params)
    return { rows: method === 'execute' ? asDriver(answer) : answer.rows }
  }

const asDriver = ({ fields, rows, command, rowCount }: ForeignRows) => ({
  ...{ command, rowCount, fields: fields.map((name) => ({ name })) },
  rows: rows.map((row) => Object.fromEntries(fields.map((name, at) => [name, row[at]]))),
})

/** Of a database that was made. Taken out, its functions still know it. */
export function memberOf(made: object, name: string): unknown {
  const member: unknown = Reflect.get(made, name)
  return typeof member === 'function' ? member.bind(made) : member
}
