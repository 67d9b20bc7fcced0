import { type Kysely, sql } from 'kysely'

/** Actions that wait for somebody's consent, and effects of which nobody knows whether they happened. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql.raw('drop table if exists approvals').execute(db)
  await sql.raw('alter table turns drop column has_unknown_effect').execute(db)
}

const STATEMENTS = [
  `create table approvals (
    id uuid primary key,
    agent_id uuid not null references agents on delete cascade,
    room_id uuid not null references rooms on delete cascade,
    channel_id uuid not null,
    turn_id uuid not null references turns on delete cascade,
    gen integer not null,
    step text not null,
    action text not null,
    parameters jsonb not null,
    question text not null,
    approvable_by text not null check (approvable_by in ('admin', 'anyone')),
    entity_id uuid not null,
    message_id uuid not null,
    state text not null check (state in ('pending', 'approved', 'denied', 'expired', 'cancelled')),
    requested_at timestamptz not null default clock_timestamp(),
    deadline_at timestamptz not null,
    answered_at timestamptz,
    answered_by text,
    answered_via text,
    comment text
  )`,
  'create index approvals_turn on approvals (turn_id)',
  'create index approvals_agent on approvals (agent_id, requested_at desc)',
  'create index approvals_room on approvals (room_id)',
  // What a room waits for, and what the sweeper looks for.
  `create index approvals_pending on approvals (room_id, requested_at) where state = 'pending'`,
  `create index approvals_deadline on approvals (deadline_at) where state = 'pending'`,
  'create index approvals_recent on approvals (requested_at desc)',
  'alter table turns add column has_unknown_effect boolean not null default false',
]
