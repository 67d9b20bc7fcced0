import { type Kysely, sql } from 'kysely'
import type { TaskRecord } from '../agent/records.ts'
import type { Database } from '../schema/database.ts'
import type { JsonObject } from '../schema/json.ts'

/** What the tables' own columns say of a task; `t` in a query. */
export const TASK_COLUMNS = sql`t.id, t.agent_id, t.name, t.description, t.room_id, t.world_id,
  t.entity_id, t.tags, t.metadata, t.created_at, t.updated_at`

/** Tasks that run by themselves. Written out, so that the partial index serves it. */
export const IS_QUEUED = sql`t.tags @> array['queue']`

export interface TaskRow {
  readonly id: string
  readonly agent_id: string
  readonly name: string
  readonly description: string | null
  readonly room_id: string | null
  readonly world_id: string | null
  readonly entity_id: string | null
  readonly tags: string[]
  readonly metadata: JsonObject
  readonly created_at: Date
  readonly updated_at: Date
}

export const toTask = (row: TaskRow): TaskRecord => ({
  id: row.id,
  name: row.name,
  description: row.description ?? '',
  ...(row.room_id === null ? {} : { roomId: row.room_id }),
  ...(row.world_id === null ? {} : { worldId: row.world_id }),
  ...(row.entity_id === null ? {} : { entityId: row.entity_id }),
  tags: row.tags,
  metadata: row.metadata,
  createdAt: row.created_at.getTime(),
  updatedAt: row.updated_at.getTime(),
})

/** The only row, if there is one. */
export async function oneOf<Row>(
  db: Kysely<Database>,
  query: ReturnType<typeof sql<Row>>,
): Promise<Row | undefined> {
  return (await query.execute(db)).rows[0]
}
