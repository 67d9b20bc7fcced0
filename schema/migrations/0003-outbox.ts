import { type Kysely, sql } from 'kysely'

/** Sending to chat platforms: what is on its way, in which parts, and whom it is forbidden to call. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}

/** Rows in the new states become what the old code can read: nothing is sent twice or came too late. */
export async function down(db: Kysely<unknown>): Promise<void> {
  for (const statement of BACK) await sql.raw(statement).execute(db)
}

const STATEMENTS = [
  'alter table outbox drop constraint outbox_state_check',
  `alter table outbox
    add constraint outbox_state_check
      check (state in ('pending', 'sending', 'sent', 'failed', 'retracted')),
    add column max_length integer,
    add column tried_at timestamptz,
    add column failures integer not null default 0,
    add column maybe_twice boolean not null default false,
    add column touched_at timestamptz not null default clock_timestamp()`,
  'drop index outbox_room',
  `create index outbox_room on outbox (room_id, seq) where state in ('pending', 'sending')`,
  // For the sweeper.
  `create index outbox_waiting on outbox (touched_at) where state in ('pending', 'sending')`,
  // For taking back what a turn has not sent.
  'create index outbox_turn on outbox (turn_id)',

  `create table outbox_parts (
    outbox_id uuid not null references outbox on delete cascade,
    part integer not null,
    state text not null check (state in ('open', 'reserved', 'sent')),
    platform_message_id text,
    unknown_since timestamptz,
    primary key (outbox_id, part)
  )`,

  // `room` is a room's id, or empty for the whole account.
  `create table connector_pauses (
    source text not null,
    account text not null,
    room text not null,
    until timestamptz not null,
    primary key (source, account, room)
  )`,
  'create index connector_pauses_until on connector_pauses (until)',
]

const BACK = [
  'drop table if exists connector_pauses',
  'drop table if exists outbox_parts',
  `update outbox set state = 'failed' where state in ('sending', 'retracted')`,
  'drop index if exists outbox_waiting',
  'drop index if exists outbox_turn',
  'drop index if exists outbox_room',
  `create index outbox_room on outbox (room_id, seq) where state = 'pending'`,
  'alter table outbox drop constraint outbox_state_check',
  `alter table outbox
    add constraint outbox_state_check check (state in ('pending', 'sent', 'failed')),
    drop column max_length, drop column tried_at, drop column failures,
    drop column maybe_twice, drop column touched_at`,
]
