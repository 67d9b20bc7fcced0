import { type Kysely, sql } from 'kysely'

/** A ledger of several vendors per question and of calls outside of turns; what budgets have used. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}

/** Calls that the older schema has no place for are lost: fallbacks, and calls outside of turns. */
export async function down(db: Kysely<unknown>): Promise<void> {
  for (const statement of BACK) await sql.raw(statement).execute(db)
}

const STATEMENTS = [
  `alter table model_calls
    add column id uuid not null default gen_random_uuid(),
    add column agent_id uuid,
    add column try integer not null default 1,
    add column error_code text,
    add column cache_write_tokens integer,
    add column charges jsonb`,
  'update model_calls c set agent_id = t.agent_id from turns t where t.id = c.turn_id',
  'alter table model_calls drop constraint model_calls_pkey',
  `alter table model_calls
    add primary key (id),
    alter column turn_id drop not null,
    alter column agent_id set not null,
    add foreign key (agent_id) references agents on delete cascade`,
  'create unique index model_calls_key on model_calls (turn_id, gen, step, call, attempt, try)',
  // Reports, and the deletion of an agent.
  'create index model_calls_agent on model_calls (agent_id, created_at)',

  // Workers of an older build run on beside the new ones, and name no agent.
  `create function model_calls_agent_of_turn() returns trigger language plpgsql as $$
    begin
      select t.agent_id into new.agent_id from turns t where t.id = new.turn_id;
      return new;
    end
  $$`,
  `create trigger model_calls_agent_of_turn before insert on model_calls
    for each row when (new.agent_id is null) execute function model_calls_agent_of_turn()`,

  `create table budget_usage (
    tenant text not null default '',
    agent_id uuid not null references agents on delete cascade,
    scope text not null check (scope in ('agent', 'world', 'room', 'user')),
    scope_id uuid not null,
    period text not null check (period in ('day', 'month')),
    starts date not null,
    unit text not null check (unit in ('money', 'tokens')),
    used numeric not null,
    primary key (tenant, agent_id, scope, scope_id, period, starts, unit)
  )`,
  // For the deletion of an agent.
  'create index budget_usage_agent on budget_usage (agent_id, starts)',
  // For the deletion of what is over.
  'create index budget_usage_starts on budget_usage (starts)',
]

const BACK = [
  'drop table budget_usage',
  'drop trigger model_calls_agent_of_turn on model_calls',
  'drop function model_calls_agent_of_turn()',
  'delete from model_calls where turn_id is null or try > 1',
  'drop index model_calls_agent, model_calls_key',
  `alter table model_calls
    drop column id,
    drop column agent_id,
    drop column try,
    drop column error_code,
    drop column cache_write_tokens,
    drop column charges,
    alter column turn_id set not null`,
  'alter table model_calls add primary key (turn_id, gen, step, call, attempt)',
]
