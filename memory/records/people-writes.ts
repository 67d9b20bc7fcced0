import { type Kysely, sql } from 'kysely'
import type { EntityWrite } from '../../agent/records.ts'
import type { Database } from '../../schema/database.ts'
import { storableText } from '../../schema/text.ts'
import { jsonOrNull } from './columns.ts'
import { isId } from './conditions.ts'
import { putRow } from './put-row.ts'
import { ensureRoom } from './room-writes.ts'

type Db = Kysely<Database>

/** A row without names was made because something referred to it: it counts as missing. */
export async function putEntity(
  trx: Db,
  agentId: string,
  { id, names, metadata }: EntityWrite,
  ifMissing = false,
): Promise<void> {
  const list = names.map(storableText)
  const given = jsonOrNull(metadata)
  await putRow(trx, {
    ...{ kind: 'entity', table: 'entities', id, agentId },
    insert: sql`
      insert into entities (id, agent_id, names, metadata)
      values (${id}, ${agentId}, ${list}::text[], coalesce(${given}::jsonb, '{}')) on conflict do nothing`,
    set: sql`names = ${list}::text[], metadata = coalesce(${given}::jsonb, metadata)`,
    onlyIf: ifMissing ? sql`names = '{}'` : undefined,
  })
}

export async function ensureEntity(trx: Db, agentId: string, id: string): Promise<void> {
  await putRow(trx, {
    ...{ kind: 'entity', table: 'entities', id, agentId },
    insert: sql`
      insert into entities (id, agent_id, names)
      values (${id}, ${agentId}, coalesce(
        (select array[name] from agents where id = ${id} and id = ${agentId}), '{}')) on conflict do nothing`,
  })
}

interface Participant {
  readonly roomId: string
  readonly entityId: string
}

/** Later than those who are there, whatever the clock's steps are. */
export async function addParticipant(
  trx: Db,
  agentId: string,
  { roomId, entityId }: Participant,
): Promise<void> {
  await ensureRoom(trx, agentId, roomId)
  await ensureEntity(trx, agentId, entityId)
  await sql`
    insert into participants (room_id, entity_id, agent_id, created_at)
    select ${roomId}, ${entityId}, ${agentId},
      greatest(clock_timestamp(), max(created_at) + interval '1 microsecond')
    from participants where room_id = ${roomId}
    on conflict do nothing`.execute(trx)
}

export async function removeParticipant(
  trx: Db,
  agentId: string,
  { roomId, entityId }: Participant,
): Promise<void> {
  await sql`
    delete from participants
    where agent_id = ${agentId} and ${isId('room_id', roomId)} and ${isId('entity_id', entityId)}`.execute(
    trx,
  )
}

export async function setParticipantState(
  trx: Db,
  agentId: string,
  { roomId, entityId, state }: Participant & { readonly state: string | null },
): Promise<void> {
  await sql`
    update participants set state = ${state}
    where agent_id = ${agentId} and ${isId('room_id', roomId)} and ${isId('entity_id', entityId)}`.execute(
    trx,
  )
}
