import { type Kysely, sql } from 'kysely'

/** Circuit breakers and rate limits that all processes share, and the ledger added up for metrics. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql.raw('drop index model_calls_finished').execute(db)
  await sql
    .raw('drop table model_breakers, model_rates, model_call_totals, model_call_totals_mark')
    .execute(db)
}

const STATEMENTS = [
  `create table model_breakers (
    vendor text not null,
    host text not null,
    model text not null,
    state text not null check (state in ('open', 'closed')),
    since timestamptz not null,
    openings integer not null,
    open_until timestamptz,
    probe_until timestamptz,
    probe_token text,
    error_code text,
    updated_at timestamptz not null,
    primary key (vendor, host, model)
  )`,

  `create table model_rates (
    vendor text not null,
    host text not null,
    account text not null,
    requests_free_at timestamptz not null default '-infinity',
    tokens_free_at timestamptz not null default '-infinity',
    granted_at timestamptz not null default '-infinity',
    is_granted boolean not null default true,
    paused_until timestamptz,
    requests_per_minute double precision,
    tokens_per_minute double precision,
    minute timestamptz,
    minute_requests double precision not null default 0,
    minute_tokens double precision not null default 0,
    updated_at timestamptz not null default clock_timestamp(),
    primary key (vendor, host, account)
  )`,
  // Every call that is limited updates its row: room for the new version on the same page.
  'alter table model_rates set (fillfactor = 50)',

  `create table model_call_totals (
    vendor text not null,
    model text not null,
    state text not null,
    bucket smallint not null,
    calls bigint not null,
    input_tokens bigint not null,
    output_tokens bigint not null,
    cached_tokens bigint not null,
    cost numeric not null,
    unpriced_calls bigint not null,
    latency_ms bigint not null,
    primary key (vendor, model, state, bucket)
  )`,
  `create table model_call_totals_mark (
    one boolean primary key default true check (one),
    counted_from timestamptz not null,
    counted_to timestamptz not null
  )`,
  // What was called before stays uncounted, as with any counter that begins at 0.
  'insert into model_call_totals_mark (counted_from, counted_to) values (now(), now())',
  'create index model_calls_finished on model_calls (finished_at) where finished_at is not null',
]
