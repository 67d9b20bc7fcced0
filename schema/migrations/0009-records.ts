import { type Kysely, sql } from 'kysely'

/** What plugins store: components, a cache, tasks, logs and embeddings; and what memories lacked for them. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}

export async function down(db: Kysely<unknown>): Promise<void> {
  for (const statement of BACK) await sql.raw(statement).execute(db)
}

const STATEMENTS = [
  'alter table memories add column is_unique boolean not null default true',
  'create index memories_world on memories (world_id, created_at desc)',
  'create index memories_entity on memories (entity_id, created_at desc)',
  // The fragments of a document.
  `create index memories_document on memories (agent_id, (metadata ->> 'documentId'))
    where metadata ->> 'documentId' is not null`,

  // What a platform calls them, where that is no UUID or stands for several rooms.
  'alter table rooms add column platform_channel text',
  'alter table worlds add column platform_server text',

  `create table memory_embeddings (
    memory_id uuid primary key references memories on delete cascade,
    agent_id uuid not null,
    dims integer not null,
    embedding vector not null
  )`,
  // A search looks at no other agent's.
  'create index memory_embeddings_agent on memory_embeddings (agent_id, dims)',

  // Plugins name rooms, worlds and entities that do not exist, by ids that are no UUIDs: text, and no
  // foreign keys, in all of the following.
  `create table components (
    id uuid primary key,
    agent_id uuid not null references agents on delete cascade,
    entity_id text not null,
    room_id text,
    world_id text,
    source_entity_id text,
    type text not null,
    data jsonb not null,
    created_at timestamptz not null default clock_timestamp()
  )`,
  'create index components_entity on components (agent_id, entity_id)',

  `create table cache (
    agent_id uuid not null references agents on delete cascade,
    key text not null,
    value jsonb not null,
    expires_at timestamptz,
    primary key (agent_id, key)
  )`,
  // For the deletion of what is over.
  'create index cache_expiry on cache (expires_at) where expires_at is not null',

  `create table tasks (
    id uuid primary key,
    agent_id uuid not null references agents on delete cascade,
    name text not null,
    description text not null,
    room_id text,
    world_id text,
    entity_id text,
    tags text[] not null default '{}',
    metadata jsonb not null default '{}',
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp()
  )`,
  'create index tasks_name on tasks (agent_id, name)',
  'create index tasks_room on tasks (agent_id, room_id)',
  'create index tasks_entity on tasks (agent_id, entity_id)',

  `create table logs (
    id uuid primary key,
    agent_id uuid not null references agents on delete cascade,
    entity_id text,
    room_id text,
    type text not null,
    body jsonb not null,
    created_at timestamptz not null default clock_timestamp()
  )`,
  'create index logs_agent on logs (agent_id, created_at desc)',
  'create index logs_room on logs (agent_id, room_id, created_at desc)',
  // For the deletion of old ones. Of days, as an index in the order of their times would be preferred
  // by the reads of an agent, which then look through the newest logs of all others.
  `create index logs_day on logs (((created_at at time zone 'utc')::date))`,
]

const BACK = [
  'drop table components, cache, tasks, logs, memory_embeddings',
  'alter table rooms drop column platform_channel',
  'alter table worlds drop column platform_server',
  'drop index memories_world, memories_entity, memories_document',
  'alter table memories drop column is_unique',
]
