import type { Kysely } from 'kysely'
import type { Entity } from '../agent/memory.ts'
import type { Database } from '../schema/database.ts'

/** Most rooms have few; a prompt has no place for more. */
const MAX_ENTITIES = 100

/** The participants of a room, in the order in which they came. */
export async function roomEntities(db: Kysely<Database>, roomId: string): Promise<Entity[]> {
  return db
    .selectFrom('participants')
    .innerJoin('entities', 'entities.id', 'participants.entity_id')
    .select(['entities.id', 'entities.names', 'entities.metadata'])
    .where('participants.room_id', '=', roomId)
    .orderBy('participants.created_at')
    .orderBy('entities.id')
    .limit(MAX_ENTITIES)
    .execute()
}
