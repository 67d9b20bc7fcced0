import type { ColumnType, JSONColumnType } from 'kysely'
import type { Json, JsonObject } from './json.ts'

type CreatedAt = ColumnType<Date, Date | undefined, never>

/** Vectors of any length; only those of one length are compared. */
export interface MemoryEmbeddingsTable {
  memory_id: string
  /** The memory's. */
  agent_id: string
  dims: number
  /** pgvector's text: `[0.1,0.2]`. */
  embedding: string
}

/** What plugins know of an entity. Other ids than the row's own may be no UUIDs, here and below. */
export interface ComponentsTable {
  id: string
  agent_id: string
  entity_id: string
  room_id: string | null
  world_id: string | null
  source_entity_id: string | null
  type: string
  data: JSONColumnType<JsonObject>
  created_at: CreatedAt
}

export interface CacheTable {
  agent_id: string
  /** Long ones are hashed. */
  key: string
  value: ColumnType<Json, string, string>
  /** Null: it stays. */
  expires_at: Date | null
}

export interface TasksTable {
  id: string
  agent_id: string
  name: string
  description: string
  room_id: string | null
  world_id: string | null
  entity_id: string | null
  tags: string[]
  metadata: JSONColumnType<JsonObject>
  created_at: CreatedAt
  updated_at: ColumnType<Date, Date | undefined, Date>
}

/** Plugins' own notes; deleted when they are old. */
export interface LogsTable {
  id: string
  agent_id: string
  entity_id: string | null
  room_id: string | null
  type: string
  body: JSONColumnType<JsonObject>
  created_at: CreatedAt
}
