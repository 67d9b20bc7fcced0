import { type Kysely, sql } from 'kysely'

/** What agents say is found by its time, and the open turns of an agent without a look at all of its turns. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw('create index messages_said on messages (created_at) where turn_id is not null')
    .execute(db)
  await sql
    .raw(`create index turns_agent_open on turns (agent_id) where state in ('queued', 'running')`)
    .execute(db)
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql.raw('drop index messages_said').execute(db)
  await sql.raw('drop index turns_agent_open').execute(db)
}
