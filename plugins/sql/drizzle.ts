import type { ForeignQuery, ForeignRows } from '../../schema/foreign-sql.ts'

/** The part of `drizzle-orm/pg-proxy` that is used. */
export type Drizzle = (callback: DrizzleCallback) => object

export type DrizzleCallback = (
  sql: string,
  params: readonly unknown[],
  method: string,
) => Promise<{ rows: unknown }>

/**
 * Rows are arrays, of which drizzle makes what was selected. What `db.execute` gets is not looked at by
 * drizzle: it is what the driver of Postgres gives, and a list of the rows, as drizzle's own `$count` reads it.
 */
export const asDrizzle =
  (query: ForeignQuery): DrizzleCallback =>
  async (sql, params, method) => {
    const answer = await query(sql, params)
    return { rows: method === 'execute' ? asDriver(answer) : answer.rows }
  }

function asDriver({ fields, rows, command, rowCount }: ForeignRows) {
  const objects = rows.map((row) => Object.fromEntries(fields.map((name, at) => [name, row[at]])))
  const described = { command, rowCount, fields: fields.map((name) => ({ name })) }
  return Object.assign([...objects], { ...described, rows: objects })
}

/** Of a database that was made. Taken out, its functions still know it. */
export function memberOf(made: object, name: string): unknown {
  const member: unknown = Reflect.get(made, name)
  return typeof member === 'function' ? member.bind(made) : member
}
