import { type Kysely, sql } from 'kysely'
import type { Content } from '../agent/memory.ts'
import type { Database } from '../schema/database.ts'
import type { JsonObject } from '../schema/json.ts'
import { json } from '../schema/sql-json.ts'
import { storableText } from '../schema/text.ts'

/** The step that writes; none outside of turns. */
export interface WrittenBy {
  readonly turnId: string
  readonly step: string
}

export interface SaidIn {
  readonly agentId: string
  readonly roomId: string
  readonly worldId: string
  readonly channelId: string
  /** The room's connector; null for our own clients. */
  readonly outboxSource: string | null
}

export interface SaidMessage {
  readonly id: string
  /** Of the agent's memory of it. */
  readonly memoryId: string
  readonly content: Content
  readonly inReplyTo: string | null
  /** Among those of its transaction. @default 0 */
  readonly ordinal?: number
}

/**
 * One message of the agent with its memory of it, and its row in the outbox where a platform shows it.
 * Written again under the same ids, it stays as it is.
 */
export async function insertSaidMessage(
  trx: Kysely<Database>,
  place: SaidIn,
  { id, memoryId, content, inReplyTo, ordinal }: SaidMessage,
  by?: WrittenBy,
): Promise<void> {
  const { agentId, roomId, channelId } = place
  await trx
    .insertInto('messages')
    .values({
      ...{ id, channel_id: channelId, author_id: agentId },
      content: storableText(content.text ?? ''),
      raw_message: json(content),
      in_reply_to: inReplyTo,
      source_type: 'agent_response',
      metadata: json({
        thought: content.thought ?? null,
        actions: content.actions ?? [],
        approval: content.approval,
      }),
      turn_id: by?.turnId ?? null,
      created_at: timeOf(ordinal),
    })
    .onConflict((oc) => oc.doNothing())
    .execute()
  const memory = { id: memoryId, type: 'messages', entityId: agentId, content, ordinal }
  await insertMemory(trx, place, { ...memory, metadata: { type: 'message' } }, by)
  if (place.outboxSource === null) return
  await trx
    .insertInto('outbox')
    .values({
      ...{ id, room_id: roomId, agent_id: agentId },
      // What no turn says belongs to itself.
      turn_id: by?.turnId ?? id,
      ...{ source: place.outboxSource, content: json(content), state: 'pending' },
    })
    .onConflict((oc) => oc.doNothing())
    .execute()
}

/** PGlite's clock has milliseconds only, and rooms show messages in the order of their times. */
const timeOf = (ordinal = 0) =>
  sql<Date>`clock_timestamp() + ${ordinal}::int * interval '1 microsecond'`

export interface MemoryRow {
  readonly id: string
  readonly type: string
  readonly entityId: string
  readonly content: Content
  readonly metadata?: JsonObject
  /** Among those of its transaction. @default 0 */
  readonly ordinal?: number
}

export async function insertMemory(
  trx: Kysely<Database>,
  { agentId, roomId, worldId }: Pick<SaidIn, 'agentId' | 'roomId' | 'worldId'>,
  memory: MemoryRow,
  by?: WrittenBy,
): Promise<void> {
  await trx
    .insertInto('memories')
    .values({
      ...{
        id: memory.id,
        type: memory.type,
        agent_id: agentId,
        room_id: roomId,
        world_id: worldId,
      },
      entity_id: memory.entityId,
      content: json(memory.content),
      metadata: json(memory.metadata ?? {}),
      turn_id: by?.turnId ?? null,
      step: by?.step ?? null,
      created_at: timeOf(memory.ordinal),
    })
    .onConflict((oc) => oc.doNothing())
    .execute()
}
