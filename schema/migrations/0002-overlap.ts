import { type Kysely, sql } from 'kysely'

/** How a message that meets a busy room changes the turns that are there. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `alter table turns drop column answered_by, drop column merged_round, drop column merged_count,
        drop column stop_state, drop column stop_keeps`,
    )
    .execute(db)
}

const STATEMENTS = [
  `alter table turns
    add column answered_by uuid,
    add column merged_round integer not null default 1,
    add column merged_count integer not null default 0,
    add column stop_state text check (stop_state in ('cancelled', 'superseded')),
    add column stop_keeps boolean not null default false`,
  'create index turns_answered_by on turns (answered_by) where answered_by is not null',
]
