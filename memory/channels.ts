import { type Kysely, sql } from 'kysely'
import type { Database } from '../schema/database.ts'
import type { Json, JsonObject } from '../schema/json.ts'
import { agentHopsJoins, agentHopsOfMessage } from './agent-hops.ts'
import { UNKNOWN_SOURCE } from './unknown-room.ts'

export interface NewChannelRow {
  readonly id: string
  readonly name: string
  readonly type: string
  readonly messageServerId: string
  readonly metadata: JsonObject
  /** In the order in which they join. */
  readonly participants: readonly string[]
}

/** Makes the channel if it does not exist, and adds the participants that are missing. */
export async function ensureChannel(db: Kysely<Database>, channel: NewChannelRow): Promise<void> {
  await sql`
    with made as (
      insert into channels (id, name, type, message_server_id, metadata)
      values (${channel.id}, ${channel.name}, ${channel.type}, ${channel.messageServerId},
        ${JSON.stringify(channel.metadata)}::jsonb)
      on conflict do nothing
    )
    insert into channel_participants (channel_id, entity_id)
    select ${channel.id}::uuid, p.id from unnest(${[...channel.participants]}::uuid[]) with ordinality as p(id, n)
    order by p.n
    on conflict do nothing`.execute(db)
}

export function findChannel(db: Kysely<Database>, id: string) {
  return db.selectFrom('channels').selectAll().where('id', '=', id).executeTakeFirst()
}

/** Replaces the name, if one is given, and single keys of the metadata; null removes one. */
export async function updateChannel(
  db: Kysely<Database>,
  id: string,
  { name = null, metadata }: { name?: string | null; metadata: JsonObject },
): Promise<void> {
  const removed = Object.keys(metadata).filter((key) => metadata[key] === null)
  await sql`
    update channels set name = coalesce(${name}::text, name), updated_at = clock_timestamp(),
      metadata = (metadata || ${JSON.stringify(metadata)}::jsonb) - ${removed}::text[]
    where id = ${id}`.execute(db)
}

export async function channelParticipants(db: Kysely<Database>, id: string): Promise<string[]> {
  const rows = await db
    .selectFrom('channel_participants')
    .select('entity_id')
    .where('channel_id', '=', id)
    .orderBy('position')
    .execute()
  return rows.map((row) => row.entity_id)
}

/** False when it was none. */
export async function removeParticipant(
  db: Kysely<Database>,
  channelId: string,
  entityId: string,
): Promise<boolean> {
  const removed = await db
    .deleteFrom('channel_participants')
    .where('channel_id', '=', channelId)
    .where('entity_id', '=', entityId)
    .returning('entity_id')
    .executeTakeFirst()
  return removed !== undefined
}

/** The room in which an agent hears a channel. Plugins make rooms under ids of their own choice. */
export interface ChannelRoom {
  /** Null, or none: it is not made yet. */
  readonly roomId?: string | null
  /** Null, or none: as above, or nobody has placed it yet. */
  readonly worldId?: string | null
  /** Its setting, as it is stored. */
  readonly roomOverlap?: Json
}

export interface ChannelAgent extends ChannelRoom {
  readonly id: string
  readonly name: string
  readonly status: 'active' | 'inactive' | 'deleting'
  /** Its setting, as it is stored. */
  readonly overlap?: Json
  /** Its setting `answerAgents`, as it is stored: whether it hears what other agents say. */
  readonly answerAgents?: Json
}

export interface OpenChannel {
  readonly name: string
  readonly type: string
  readonly messageServerId: string
  /** It shows what a fork said, and takes no messages. */
  readonly isFork: boolean
  /** As it is stored in the metadata. */
  readonly overlap: Json | null
  /** The agents among the participants, in the order in which they joined. */
  readonly agents: readonly ChannelAgent[]
  /** How many agents in a row speak with a message of this author; null for a person. */
  readonly agentHops: number | null
}

/** Of a room that only came about by being named the world is still to be said. */
const placedWorld = sql`case when r.source <> ${UNKNOWN_SOURCE} then r.world_id end`

/** For an agent that is no participant of the channel (yet). */
export async function channelRoom(
  db: Kysely<Database>,
  { agentId, channelId }: { agentId: string; channelId: string },
): Promise<ChannelRoom> {
  const { rows } = await sql<ChannelRoom>`
    select r.id as "roomId", ${placedWorld} as "worldId", r.metadata -> 'overlap' as "roomOverlap"
    from rooms r where r.agent_id = ${agentId} and r.channel_id = ${channelId}`.execute(db)
  return rows[0] ?? {}
}

/** A channel and who listens there: what accept needs, in one round trip. */
export async function openChannel(
  db: Kysely<Database>,
  id: string,
  authorId: string | null = null,
): Promise<OpenChannel | undefined> {
  const { rows } = await sql<{
    name: string
    type: string
    message_server_id: string
    is_fork: boolean
    overlap: Json | null
    agents: ChannelAgent[] | null
    agent_hops: number | null
  }>`
    select c.name, c.type, c.message_server_id, c.fork_room_id is not null as is_fork,
      c.metadata -> 'overlap' as overlap,
      case when exists (select from agents where id = ${authorId}::uuid) then 1 + coalesce((
        select ${agentHopsOfMessage} from messages m ${agentHopsJoins}
        where m.channel_id = c.id and m.author_id <> ${authorId}::uuid order by m.created_at desc limit 1), 0) end as agent_hops, (
      select jsonb_agg(jsonb_build_object('id', a.id, 'name', a.name, 'status', a.status,
        'overlap', a.character -> 'settings' -> 'overlap', 'roomOverlap', r.metadata -> 'overlap',
        'answerAgents', a.character -> 'settings' -> 'answerAgents',
        'roomId', r.id, 'worldId', ${placedWorld}) order by p.position)
      from channel_participants p join agents a on a.id = p.entity_id
        left join rooms r on r.agent_id = a.id and r.channel_id = p.channel_id
      where p.channel_id = c.id) as agents
    from channels c where c.id = ${id}`.execute(db)
  const row = rows[0]
  if (!row) return undefined
  return {
    name: row.name,
    type: row.type,
    messageServerId: row.message_server_id,
    isFork: row.is_fork,
    overlap: row.overlap,
    agents: row.agents ?? [],
    agentHops: row.agent_hops,
  }
}
