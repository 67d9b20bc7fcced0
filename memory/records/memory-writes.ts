import { type Kysely, sql } from 'kysely'
import { RecordError } from '../../agent/record-checks.ts'
import type { MemoryWrite, RecordWrite } from '../../agent/records.ts'
import type { Database } from '../../schema/database.ts'
import { json } from '../../schema/sql-json.ts'
import { storableText } from '../../schema/text.ts'
import { INLINE_URL_LENGTH } from '../inline-media.ts'
import { writtenAt } from './columns.ts'
import { isAmong, isId, isText, time, uuidsOf, vectorText } from './conditions.ts'
import { ensureRoom } from './room-writes.ts'
import type { Writer } from './writer.ts'

type Db = Kysely<Database>
type Of<Kind extends RecordWrite['kind']> = Extract<RecordWrite, { kind: Kind }>

/** @throws {RecordError} the id or the room belongs to another agent. */
export async function createMemory(trx: Db, writer: Writer, memory: MemoryWrite): Promise<void> {
  if (await inserted(trx, writer, memory)) return
  if (await standing(trx, writer.agentId, memory.id)) return
  await ensureRoom(trx, writer.agentId, memory.roomId)
  if (await inserted(trx, writer, memory)) return
  await standing(trx, writer.agentId, memory.id)
}

/** False when there is such a memory, or no such room of the agent. */
async function inserted(trx: Db, writer: Writer, memory: MemoryWrite): Promise<boolean> {
  const { agentId, by, ordinal } = writer
  const { id, worldId = null, unique = true, embedding = [], createdAt } = memory
  const hasTime = createdAt !== undefined && !Number.isNaN(createdAt)
  const at = hasTime ? time(createdAt) : writtenAt(ordinal)
  const { rows } = await sql`
    with made as (
      insert into memories (id, type, agent_id, room_id, world_id, entity_id, content, metadata, is_unique,
        turn_id, step, created_at)
      select ${id}, ${storableText(memory.type)}, r.agent_id, r.id, coalesce(${worldId}::uuid, r.world_id),
        ${memory.entityId}, ${json(memory.content)}::jsonb, ${json(memory.metadata ?? {})}::jsonb, ${unique},
        ${by?.turnId ?? null}, ${by?.step ?? null}, ${at}
      from rooms r where r.id = ${memory.roomId} and r.agent_id = ${agentId}
      on conflict do nothing returning id, agent_id
    ), embedded as (
      insert into memory_embeddings (memory_id, agent_id, dims, embedding)
      select id, agent_id, ${embedding.length}::int, ${embedding.length > 0 ? vectorText(embedding) : null}::vector
      from made where ${embedding.length}::int > 0
    )
    select id from made`.execute(trx)
  return rows.length > 0
}

async function standing(trx: Db, agentId: string, id: string): Promise<boolean> {
  const { rows } = await sql<{ agent_id: string }>`
    select agent_id from memories where id = ${id}`.execute(trx)
  if (rows[0] && rows[0].agent_id !== agentId) {
    throw new RecordError(
      `The memory '${id}' belongs to another agent. Give it an id of its own, or none.`,
    )
  }
  return rows.length > 0
}

export async function updateMemory(
  trx: Db,
  agentId: string,
  { id, content = {}, metadata = {}, embedding }: Of<'memory.update'>,
): Promise<void> {
  const { rows } = await sql`
    update memories set content = content || ${json(withoutCutMedia(content))}::jsonb,
      metadata = metadata || ${json(metadata)}::jsonb
    where ${isId('id', id)} and agent_id = ${agentId} returning id`.execute(trx)
  if (rows.length === 0 || !embedding || embedding.length === 0) return
  await sql`
    insert into memory_embeddings (memory_id, agent_id, dims, embedding)
    values (${id}, ${agentId}, ${embedding.length}, ${vectorText(embedding)}::vector)
    on conflict (memory_id) do update set dims = excluded.dims, embedding = excluded.embedding`.execute(
    trx,
  )
}

/**
 * Lists leave out the pictures inside messages. Whoever writes back what such a list gave must not take
 * the pictures away.
 */
function withoutCutMedia(content: MemoryWrite['content']): MemoryWrite['content'] {
  const { attachments, ...rest } = content
  return Array.isArray(attachments) && attachments.some(isCut) ? rest : content
}

function isCut(attachment: unknown): boolean {
  if (typeof attachment !== 'object' || attachment === null || !('url' in attachment)) return false
  const { url } = attachment
  return typeof url === 'string' && url.startsWith('data:') && url.length === INLINE_URL_LENGTH
}

export async function deleteMemories(
  trx: Db,
  agentId: string,
  ids: readonly string[],
): Promise<void> {
  await sql`
    delete from memories
    where agent_id = ${agentId}
      and (${isAmong('id', ids)} or metadata ->> 'documentId' = any(${uuidsOf(ids)}::text[]))`.execute(
    trx,
  )
}

/** Of the agent, as far as room and type are given. */
export async function clearMemories(
  trx: Db,
  agentId: string,
  { roomId, type }: Of<'memory.clear'>,
): Promise<void> {
  await sql`
    delete from memories
    where agent_id = ${agentId} and ${isId('room_id', roomId) ?? sql`true`}
      and ${isText('type', type) ?? sql`true`}`.execute(trx)
}
