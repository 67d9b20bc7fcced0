import { type Kysely, sql } from 'kysely'
import { RecordError } from '../../agent/record-checks.ts'
import type { RecordWrite } from '../../agent/records.ts'
import type { Database } from '../../schema/database.ts'
import { insertSaidMessage, type WrittenBy } from '../said-message.ts'

type Send = Extract<RecordWrite, { kind: 'message.send' }>

/** @throws {RecordError} the agent has no such room. */
export async function sendMessage(
  trx: Kysely<Database>,
  { agentId, by }: { agentId: string; by?: WrittenBy },
  { id, memoryId, roomId, content, outboxSource }: Send,
): Promise<void> {
  const { rows } = await sql<{ worldId: string; channelId: string }>`
    select world_id as "worldId", channel_id as "channelId" from rooms
    where id = ${roomId} and agent_id = ${agentId}`.execute(trx)
  const [room] = rows
  if (!room) {
    throw new RecordError(
      `The agent has no room '${roomId}' to say something in. Make it with ensureRoomExists first.`,
    )
  }
  await ensureChannelOf(trx, roomId)
  const place = { agentId, roomId, ...room, outboxSource }
  await insertSaidMessage(trx, place, { id, memoryId, content, inReplyTo: null }, by)
}

/** Rooms that plugins made have none until something is said there. */
async function ensureChannelOf(trx: Kysely<Database>, roomId: string): Promise<void> {
  await sql`
    insert into channels (id, name, type, message_server_id, source_type, source_id)
    select r.channel_id, coalesce(r.name, r.source), r.type, w.message_server_id, r.source, r.platform_channel
    from rooms r join worlds w on w.id = r.world_id
    where r.id = ${roomId} and not exists (select from channels c where c.id = r.channel_id)
    on conflict do nothing`.execute(trx)
}
