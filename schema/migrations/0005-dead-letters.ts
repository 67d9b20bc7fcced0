import { type Kysely, sql } from 'kysely'

/** What operators see of turns that ended badly, and how long Temporal was away. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql.raw('drop index model_calls_pending').execute(db)
  await sql.raw('drop table dead_letter_acts, temporal_outages, temporal_contact').execute(db)
  await sql
    .raw(
      `alter table turns drop column dead_letter, drop column dead_letter_at, drop column apology_memory_id,
        drop column ledger_from_gen, drop column deadline_from`,
    )
    .execute(db)
}

const STATEMENTS = [
  `alter table turns
    add column dead_letter text check (dead_letter in ('open', 'retried', 'skipped')),
    add column dead_letter_at timestamptz,
    add column apology_memory_id uuid,
    add column ledger_from_gen integer not null default 1,
    add column deadline_from timestamptz`,
  `update turns set deadline_from = accepted_at,
    dead_letter = case when state in ('failed', 'timed_out') then 'open' end,
    dead_letter_at = case when state in ('failed', 'timed_out') then settled_at end,
    apology_memory_id = case when state in ('failed', 'timed_out') then reply_memory_id end`,
  `alter table turns alter column deadline_from set default clock_timestamp(),
    alter column deadline_from set not null`,
  // The list, newest first. Turns that end well are not in it.
  `create index turns_dead_letters on turns (dead_letter_at desc, id desc) where dead_letter is not null`,

  `create table dead_letter_acts (
    id bigint generated always as identity primary key,
    turn_id uuid not null references turns on delete cascade,
    gen integer not null,
    act text not null check (act in ('retry', 'skip')),
    at timestamptz not null default clock_timestamp(),
    by_whom text not null,
    comment text,
    state text not null,
    code text,
    error text,
    original_text text
  )`,
  'create index dead_letter_acts_turn on dead_letter_acts (turn_id)',

  `create table temporal_outages (
    began_at timestamptz not null,
    ended_at timestamptz
  )`,
  // One at a time, whoever notices it.
  `create unique index temporal_outages_open on temporal_outages ((ended_at is null)) where ended_at is null`,
  'create index temporal_outages_ended on temporal_outages (ended_at)',

  `create table temporal_contact (
    one boolean primary key default true check (one),
    reached_at timestamptz not null
  )`,

  // Calls of which nobody said how they ended.
  `create index model_calls_pending on model_calls (created_at) where state = 'pending'`,
]
