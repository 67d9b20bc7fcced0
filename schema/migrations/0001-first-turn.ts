import { type Kysely, sql } from 'kysely'

/** Runs unchanged on Postgres ≥ 14 with pgvector and on PGlite. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}

export async function down(db: Kysely<unknown>): Promise<void> {
  for (const table of [...TABLES].reverse()) {
    await sql.raw(`drop table if exists ${table} cascade`).execute(db)
  }
}

const TABLES = [
  'agents',
  'worlds',
  'rooms',
  'entities',
  'participants',
  'relationships',
  'channels',
  'channel_participants',
  'messages',
  'memories',
  'turns',
  'steps',
  'prompts',
  'model_calls',
  'outbox',
  'deliveries',
  'evaluator_runs',
  'stream_chunks',
  'stream_listeners',
]

const STATEMENTS = [
  'create extension if not exists vector',

  `create table agents (
    id uuid primary key,
    name text not null,
    character jsonb not null,
    secrets text,
    source_hash text,
    status text not null default 'active' check (status in ('active', 'inactive', 'deleting')),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
  )`,

  `create table worlds (
    id uuid primary key,
    agent_id uuid not null references agents on delete cascade,
    name text,
    message_server_id uuid not null,
    metadata jsonb not null default '{}',
    created_at timestamptz not null default now()
  )`,
  'create index worlds_agent on worlds (agent_id)',

  `create table rooms (
    id uuid primary key,
    agent_id uuid not null references agents on delete cascade,
    world_id uuid not null references worlds on delete cascade,
    channel_id uuid not null,
    name text,
    source text not null,
    type text not null,
    metadata jsonb not null default '{}',
    last_seq bigint not null default 0,
    created_at timestamptz not null default now(),
    unique (agent_id, channel_id)
  )`,
  'create index rooms_world on rooms (world_id)',

  `create table entities (
    id uuid primary key,
    agent_id uuid not null references agents on delete cascade,
    names text[] not null,
    metadata jsonb not null default '{}',
    created_at timestamptz not null default now()
  )`,
  'create index entities_agent on entities (agent_id)',

  `create table participants (
    entity_id uuid not null references entities on delete cascade,
    room_id uuid not null references rooms on delete cascade,
    agent_id uuid not null references agents on delete cascade,
    state text check (state in ('FOLLOWED', 'MUTED')),
    created_at timestamptz not null default now(),
    primary key (room_id, entity_id)
  )`,
  'create index participants_entity on participants (entity_id)',
  'create index participants_agent on participants (agent_id)',

  `create table relationships (
    id uuid primary key,
    agent_id uuid not null references agents on delete cascade,
    source_entity_id uuid not null references entities on delete cascade,
    target_entity_id uuid not null references entities on delete cascade,
    tags text[] not null default '{}',
    metadata jsonb not null default '{}',
    turn_id uuid,
    step text,
    created_at timestamptz not null default now(),
    unique (agent_id, source_entity_id, target_entity_id)
  )`,
  'create index relationships_source on relationships (source_entity_id)',
  'create index relationships_target on relationships (target_entity_id)',

  `create table channels (
    id uuid primary key,
    name text not null,
    type text not null,
    message_server_id uuid not null,
    source_type text,
    source_id text,
    metadata jsonb not null default '{}',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
  )`,

  `create table channel_participants (
    channel_id uuid not null references channels on delete cascade,
    entity_id uuid not null,
    position bigint generated always as identity,
    primary key (channel_id, entity_id)
  )`,
  'create index channel_participants_entity on channel_participants (entity_id)',

  `create table messages (
    id uuid primary key,
    channel_id uuid not null references channels on delete cascade,
    author_id uuid not null,
    content text not null,
    raw_message jsonb not null default '{}',
    in_reply_to uuid,
    source_type text not null,
    external_id text,
    body_hash text,
    metadata jsonb not null default '{}',
    turn_id uuid,
    created_at timestamptz not null default clock_timestamp()
  )`,
  'create unique index messages_external on messages (channel_id, author_id, external_id) where external_id is not null',
  'create index messages_channel on messages (channel_id, created_at desc)',

  `create table memories (
    id uuid primary key,
    type text not null,
    agent_id uuid not null references agents on delete cascade,
    room_id uuid not null references rooms on delete cascade,
    world_id uuid,
    entity_id uuid not null,
    content jsonb not null,
    metadata jsonb not null default '{}',
    turn_id uuid,
    step text,
    created_at timestamptz not null default clock_timestamp()
  )`,
  'create index memories_room on memories (room_id, type, created_at desc)',
  'create index memories_agent on memories (agent_id, type, created_at desc)',

  `create table turns (
    id uuid primary key,
    gen integer not null default 1,
    agent_id uuid not null references agents on delete cascade,
    room_id uuid not null references rooms on delete cascade,
    channel_id uuid not null,
    message_id uuid not null,
    memory_id uuid not null,
    entity_id uuid not null,
    seq bigint not null,
    state text not null check (state in ('queued', 'running', 'waiting_approval', 'replied', 'ignored',
      'merged', 'superseded', 'rejected', 'cancelled', 'failed', 'timed_out')),
    policy text not null,
    code text,
    error text,
    reply_memory_id uuid,
    accepted_at timestamptz not null default clock_timestamp(),
    ready_at timestamptz,
    deadline_at timestamptz not null,
    started_at timestamptz,
    settled_at timestamptz,
    cancel_requested_at timestamptz,
    touched_at timestamptz not null default clock_timestamp(),
    run_id text,
    unique (room_id, seq)
  )`,
  // The head of a room, read under its lock by accept and settle.
  `create index turns_head on turns (room_id, seq) where state in ('queued', 'running')`,
  // What the sweeper looks for.
  `create index turns_ready on turns (ready_at) where state = 'queued'`,
  `create index turns_running on turns (touched_at) where state = 'running'`,
  `create index turns_deadline on turns (deadline_at) where state in ('queued', 'running', 'waiting_approval')`,
  'create index turns_agent on turns (agent_id, accepted_at desc)',
  'create index turns_message on turns (message_id)',

  `create table steps (
    turn_id uuid not null references turns on delete cascade,
    gen integer not null,
    step text not null,
    attempt integer not null,
    token text not null,
    state text not null check (state in ('pending', 'done')),
    result jsonb,
    error text,
    started_at timestamptz not null default clock_timestamp(),
    finished_at timestamptz,
    primary key (turn_id, gen, step)
  )`,

  `create table prompts (
    turn_id uuid not null references turns on delete cascade,
    gen integer not null,
    step text not null,
    prompt text not null,
    state jsonb not null,
    created_at timestamptz not null default clock_timestamp(),
    primary key (turn_id, gen, step)
  )`,

  `create table model_calls (
    turn_id uuid not null references turns on delete cascade,
    gen integer not null,
    step text not null,
    call integer not null,
    attempt integer not null,
    vendor text not null,
    model text not null,
    purpose text not null,
    state text not null check (state in ('pending', 'complete', 'cut', 'unknown')),
    response text,
    input_tokens integer,
    output_tokens integer,
    cached_tokens integer,
    cost numeric,
    first_token_ms integer,
    latency_ms integer,
    finish_reason text,
    error text,
    created_at timestamptz not null default clock_timestamp(),
    finished_at timestamptz,
    primary key (turn_id, gen, step, call, attempt)
  )`,

  `create table outbox (
    id uuid primary key,
    room_id uuid not null references rooms on delete cascade,
    agent_id uuid not null references agents on delete cascade,
    turn_id uuid not null,
    seq bigint generated always as identity,
    source text not null,
    content jsonb not null,
    state text not null check (state in ('pending', 'sent', 'failed')),
    attempts integer not null default 0,
    platform_message_id text,
    error text,
    created_at timestamptz not null default clock_timestamp(),
    sent_at timestamptz
  )`,
  `create index outbox_room on outbox (room_id, seq) where state = 'pending'`,
  // For the deletion of an agent with its rooms.
  'create index outbox_rooms on outbox (room_id)',
  'create index outbox_agent on outbox (agent_id)',

  `create table deliveries (
    room_id uuid primary key references rooms on delete cascade,
    token text not null,
    until timestamptz not null
  )`,

  `create table evaluator_runs (
    room_id uuid not null references rooms on delete cascade,
    evaluator text not null,
    last_seq bigint not null,
    primary key (room_id, evaluator)
  )`,

  `create unlogged table stream_chunks (
    turn_id uuid not null,
    gen integer not null,
    attempt integer not null,
    seq integer not null,
    event jsonb not null,
    created_at timestamptz not null default clock_timestamp(),
    primary key (turn_id, gen, attempt, seq)
  )`,
  'create index stream_chunks_age on stream_chunks (created_at)',

  `create unlogged table stream_listeners (
    turn_id uuid not null,
    channel text not null,
    created_at timestamptz not null default clock_timestamp(),
    primary key (turn_id, channel)
  )`,
  'create index stream_listeners_age on stream_listeners (created_at)',
]
