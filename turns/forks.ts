import { type Kysely, sql } from 'kysely'
import type { Database } from '../schema/database.ts'
import type { JsonObject } from '../schema/json.ts'
import type { TurnState } from '../schema/turn.ts'

/** How a fork differs from its original. */
export interface ForkOptions {
  readonly turn_id: string
  readonly source_gen: number
  readonly from_step: string
  readonly model: string | null
  /** Without secrets. */
  readonly character: JsonObject | null
  /** Encrypted, or null. */
  readonly secrets: string | null
}

/** Undefined for a turn that is no fork. */
export function findFork(db: Kysely<Database>, turnId: string): Promise<ForkOptions | undefined> {
  return db
    .selectFrom('forks')
    .select(['turn_id', 'source_gen', 'from_step', 'model', 'character', 'secrets'])
    .where('turn_id', '=', turnId)
    .executeTakeFirst()
}

export interface ForkRow {
  readonly id: string
  readonly state: TurnState
  readonly code: string | null
  readonly accepted_at: Date
  readonly settled_at: Date | null
  readonly from_step: string
  readonly model: string | null
  /** Of the character that stands in, or null. */
  readonly character_name: string | null
}

/** More than anybody makes of one turn in a week. */
const MAX_LISTED = 100

/** The forks of a turn, newest first. */
export async function listForks(db: Kysely<Database>, turnId: string): Promise<ForkRow[]> {
  const { rows } = await sql<ForkRow>`
    select t.id, t.state, t.code, t.accepted_at, t.settled_at, f.from_step, f.model,
      f.character ->> 'name' as character_name
    from turns t join forks f on f.turn_id = t.id
    where t.fork_of = ${turnId}
    order by t.accepted_at desc limit ${MAX_LISTED}`.execute(db)
  return rows
}

/** What a turn's actions said, by step, in their order. Nothing of that is older than `since`. */
export async function saidByActions(
  db: Kysely<Database>,
  { turnId, roomId, since }: { turnId: string; roomId: string; since: Date },
): Promise<{ step: string; text: string | null }[]> {
  const { rows } = await sql<{ step: string; text: string | null }>`
    select step, content ->> 'text' as text from memories
    where room_id = ${roomId} and type = 'messages' and created_at >= ${since}
      and turn_id = ${turnId} and step like 'runAction:%'
    order by created_at`.execute(db)
  return rows
}

/** Rooms per sweep: each takes its turn, prompts and memories with it. */
export const MAX_DELETED = 20

/**
 * Deletes shadow rooms that are older than `ageMs`, with all that hangs on them: channel, messages,
 * memories, the fork's turn with journal, prompts and ledger. A fork that has not ended stays.
 * @returns how many were deleted
 */
export async function deleteOldForks(db: Kysely<Database>, ageMs: number): Promise<number> {
  const { rows } = await sql`
    delete from rooms where id in (
      select c.fork_room_id from channels c
      where c.fork_room_id is not null
        and c.created_at < clock_timestamp() - ${ageMs}::float8 * interval '1 millisecond'
        and not exists (select from turns t where t.room_id = c.fork_room_id and t.settled_at is null)
      order by c.created_at limit ${MAX_DELETED})
    returning id`.execute(db)
  return rows.length
}
