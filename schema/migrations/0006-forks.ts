import { type Kysely, sql } from 'kysely'

/** Turns that are run again in a shadow room. Everything of a fork hangs on that room and leaves with it. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql.raw('drop table if exists forks').execute(db)
  await sql.raw('alter table channels drop column fork_room_id').execute(db)
  await sql.raw('alter table turns drop column fork_of').execute(db)
}

const STATEMENTS = [
  'alter table turns add column fork_of uuid references turns on delete cascade',
  // The forks of a turn; also for the deletion of that turn.
  'create index turns_fork_of on turns (fork_of) where fork_of is not null',
  // How many forks an agent runs now.
  `create index turns_forks_active on turns (agent_id)
    where fork_of is not null and state in ('queued', 'running')`,

  // The shadow room of a fork's channel; rooms themselves do not tell, since a client names their source.
  'alter table channels add column fork_room_id uuid references rooms on delete cascade',
  'create index channels_fork_room on channels (fork_room_id) where fork_room_id is not null',
  'create index channels_fork_age on channels (created_at) where fork_room_id is not null',

  `create table forks (
    turn_id uuid primary key references turns on delete cascade,
    source_gen integer not null,
    from_step text not null,
    model text,
    character jsonb,
    secrets text,
    created_at timestamptz not null default clock_timestamp()
  )`,
]
