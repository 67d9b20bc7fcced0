import { type Kysely, sql } from 'kysely'

/** Tasks on Temporal's Schedules, who holds an agent's sockets, and embeddings that are asked for. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await sql.raw('drop index tasks_queue').execute(db)
  await sql.raw('drop table task_schedules, task_runs, gateways, embedding_jobs').execute(db)
}

const STATEMENTS = [
  // Without this a reconciler would read every task of every agent.
  `create index tasks_queue on tasks (id) where tags @> array['queue']`,

  // No foreign keys: what was made for a task that is gone has to be deleted from Temporal.
  `create table task_schedules (
    task_id uuid primary key,
    agent_id uuid not null,
    spec text,
    seen timestamptz,
    checked_at timestamptz,
    claimed_until timestamptz,
    token text
  )`,

  // Not of the task: the run that deletes its own task still has a result.
  `create table task_runs (
    task_id uuid not null,
    scheduled_at timestamptz not null,
    agent_id uuid not null references agents on delete cascade,
    name text not null,
    state text not null
      check (state in ('running', 'again', 'done', 'failed', 'unknown', 'skipped')),
    try integer not null default 1,
    run_id text not null,
    attempt integer not null,
    token text not null,
    lease_until timestamptz not null,
    error text,
    started_at timestamptz not null,
    finished_at timestamptz,
    primary key (task_id, scheduled_at)
  )`,
  // For the deletion of an agent.
  'create index task_runs_agent on task_runs (agent_id)',
  // For the deletion of what is old.
  'create index task_runs_finished on task_runs (finished_at)',

  `create table gateways (
    agent_id uuid primary key references agents on delete cascade,
    holder text not null,
    until timestamptz not null
  )`,

  // Not of the memory: a step that queues it has not committed it yet.
  `create table embedding_jobs (
    memory_id uuid primary key,
    agent_id uuid not null references agents on delete cascade,
    priority smallint not null,
    failures integer not null default 0,
    error text,
    ready_at timestamptz not null default clock_timestamp(),
    token text,
    failed_at timestamptz,
    created_at timestamptz not null default clock_timestamp()
  )`,
  'create index embedding_jobs_agent on embedding_jobs (agent_id)',
  'create index embedding_jobs_ready on embedding_jobs (priority, ready_at) where failed_at is null',
]
