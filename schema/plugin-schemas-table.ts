import type { ColumnType, JSONColumnType } from 'kysely'
import type { JsonObject } from './json.ts'

/** What a plugin's drizzle tables looked like when they were last brought into the database. */
export interface PluginSchemasTable {
  plugin: string
  snapshot: JSONColumnType<JsonObject>
  applied_at: ColumnType<Date, Date | undefined, Date>
}
