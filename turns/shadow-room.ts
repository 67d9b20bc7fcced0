import { type Kysely, sql } from 'kysely'
import type { LoadedTurn } from '../agent/ports.ts'
import type { Database } from '../schema/database.ts'
import type { WrittenStep } from './fork-plan.ts'

/** The source of shadow rooms. No connector has this name, so nothing is sent. */
export const FORK_SOURCE = 'fork'

/** Of each type of memory: more than any prompt has a place for. */
export const COPIED_MEMORIES = 200

export interface ShadowRoom {
  readonly roomId: string
  readonly channelId: string
  /** Of the copy of the message that is answered, and of the agent's memory of it. */
  readonly messageId: string
  readonly memoryId: string
}

export interface ShadowInput {
  readonly turn: LoadedTurn
  readonly shadow: ShadowRoom
  readonly forkId: string
  readonly composedAt: Date
  /** Steps of the original whose messages and memories the fork takes over. */
  readonly written: readonly WrittenStep[]
}

/**
 * A room like that of the original turn, as it was then: the same people, and what they and the agent
 * had said. Its channel has no participants, so it is in nobody's list and takes no messages.
 */
export async function createShadowRoom(trx: Kysely<Database>, input: ShadowInput): Promise<void> {
  await copyRoom(trx, input)
  await copyParticipants(trx, input)
  await copyMemories(trx, input)
  await copyMessage(trx, input)
}

async function copyRoom(
  trx: Kysely<Database>,
  { turn, shadow, forkId }: ShadowInput,
): Promise<void> {
  const metadata = JSON.stringify({ forkOf: turn.turnId, forkId })
  await sql`
    insert into rooms (id, agent_id, world_id, channel_id, name, source, type, metadata, last_seq)
    select ${shadow.roomId}, agent_id, world_id, ${shadow.channelId}, name, ${FORK_SOURCE}, type,
      ${metadata}::jsonb, 1
    from rooms where id = ${turn.room.id}`.execute(trx)
  await sql`
    insert into channels (id, name, type, message_server_id, metadata, fork_room_id)
    select ${shadow.channelId}, coalesce(r.name, 'A fork'), r.type, w.message_server_id, ${metadata}::jsonb, r.id
    from rooms r join worlds w on w.id = r.world_id
    where r.id = ${shadow.roomId}`.execute(trx)
}

/** The same entities, with their names; without those who came later. */
async function copyParticipants(
  trx: Kysely<Database>,
  { turn, shadow, composedAt }: ShadowInput,
): Promise<void> {
  await sql`
    insert into participants (entity_id, room_id, agent_id, state, created_at)
    select entity_id, ${shadow.roomId}, agent_id, state, created_at from participants
    where room_id = ${turn.room.id}
      and (created_at < ${after(composedAt.getTime())} or entity_id in (${turn.agentId}, ${turn.message.entityId}))`.execute(
    trx,
  )
}

/** What `recentMemories` would have found then, by type; what the turn itself wrote only as far as it is taken over. */
async function copyMemories(
  trx: Kysely<Database>,
  { turn, shadow, forkId, composedAt, written }: ShadowInput,
): Promise<void> {
  const { agentId, message, room, mergedMemoryIds } = turn
  const answered = [message.id, ...mergedMemoryIds]
  await sql`
    with written as (select * from jsonb_to_recordset(${JSON.stringify(written)}::jsonb) as w(place text, step text))
    insert into memories (id, type, agent_id, room_id, world_id, entity_id, content, metadata, turn_id, step, created_at)
    select gen_random_uuid(), k.type, k.agent_id, ${shadow.roomId}, k.world_id, k.entity_id, k.content, k.metadata,
      case when k.turn_id = ${turn.turnId} then ${forkId}::uuid end,
      (select step from written where place = k.step and k.turn_id = ${turn.turnId}), k.created_at
    from (select distinct type from memories where room_id = ${room.id}) as types
    cross join lateral (
      select * from memories m
      where m.room_id = ${room.id} and m.type = types.type and not m.id = any(${answered}::uuid[])
        and case when m.turn_id = ${turn.turnId} then m.step in (select place from written)
          when m.entity_id = ${agentId} then m.created_at < ${after(composedAt.getTime())}
          else m.created_at < ${after(message.createdAt)} end
      order by m.created_at desc limit ${COPIED_MEMORIES}
    ) as k`.execute(trx)
}

/** The first moment behind a time that was cut to milliseconds. */
const after = (ms: number) => new Date(ms + 1)

/** The message under ids of its own: a repeat of the original must not find the fork. */
async function copyMessage(
  trx: Kysely<Database>,
  { turn, shadow, forkId }: ShadowInput,
): Promise<void> {
  const { message, room, agentId } = turn
  // Where a rule looks at the source, it must see that of the original and not the shadow room's.
  const content = JSON.stringify({ source: room.source, ...message.content })
  const createdAt = new Date(message.createdAt)
  await sql`
    insert into memories (id, type, agent_id, room_id, world_id, entity_id, content, metadata, turn_id, step, created_at)
    values (${shadow.memoryId}, 'messages', ${agentId}, ${shadow.roomId}, ${room.worldId}, ${message.entityId},
      ${content}::jsonb, ${JSON.stringify(message.metadata)}::jsonb, ${forkId}, 'fork', ${createdAt})`.execute(
    trx,
  )
  await sql`
    insert into messages (id, channel_id, author_id, content, raw_message, source_type, created_at)
    values (${shadow.messageId}, ${shadow.channelId},
      coalesce((select author_id from messages where id = ${turn.messageId}), ${message.entityId}),
      ${message.content.text ?? ''}, ${content}::jsonb, ${FORK_SOURCE}, ${createdAt})`.execute(trx)
}
