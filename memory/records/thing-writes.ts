import { type Kysely, sql } from 'kysely'
import { RecordError } from '../../agent/record-checks.ts'
import type { RecordWrite, RelationshipWrite } from '../../agent/records.ts'
import type { Database } from '../../schema/database.ts'
import { stringToUuid } from '../../schema/ids.ts'
import { json } from '../../schema/sql-json.ts'
import { storableText } from '../../schema/text.ts'
import { cacheKey } from './cache-key.ts'
import { jsonOrNull, textOrNull, writtenAt } from './columns.ts'
import { isId, time } from './conditions.ts'
import { ensureEntity } from './people-writes.ts'
import { putRow } from './put-row.ts'
import type { Writer } from './writer.ts'

type Db = Kysely<Database>
type Of<Kind extends RecordWrite['kind']> = Extract<RecordWrite, { kind: Kind }>

export async function putComponent(
  trx: Db,
  { agentId, ordinal }: Writer,
  { component }: Of<'component.put'>,
): Promise<void> {
  const { id } = component
  const [entity, type] = [component.entityId, component.type].map(storableText)
  const room = textOrNull(component.roomId)
  const world = textOrNull(component.worldId)
  const source = textOrNull(component.sourceEntityId)
  const data = json(component.data)
  await putRow(trx, {
    ...{ kind: 'component', table: 'components', id, agentId },
    insert: sql`
      insert into components (id, agent_id, entity_id, room_id, world_id, source_entity_id, type, data, created_at)
      values (${id}, ${agentId}, ${entity}, ${room}, ${world}, ${source}, ${type}, ${data}::jsonb,
        ${writtenAt(ordinal)})
      on conflict do nothing`,
    set: sql`entity_id = ${entity}, room_id = coalesce(${room}::text, room_id), world_id = coalesce(${world}::text, world_id),
      source_entity_id = coalesce(${source}::text, source_entity_id), type = ${type}, data = ${data}::jsonb`,
  })
}

export async function putTask(
  trx: Db,
  { agentId, ordinal }: Writer,
  { task }: Of<'task.put'>,
): Promise<void> {
  const { id } = task
  const [name, description] = [task.name, task.description].map(storableText)
  const room = textOrNull(task.roomId)
  const world = textOrNull(task.worldId)
  const entity = textOrNull(task.entityId)
  const tags = task.tags.map(storableText)
  const metadata = json(task.metadata)
  await putRow(trx, {
    ...{ kind: 'task', table: 'tasks', id, agentId },
    insert: sql`
      insert into tasks (id, agent_id, name, description, room_id, world_id, entity_id, tags, metadata, created_at)
      values (${id}, ${agentId}, ${name}, ${description}, ${room}, ${world}, ${entity}, ${tags}::text[],
        ${metadata}::jsonb, ${writtenAt(ordinal)}) on conflict do nothing`,
    set: sql`name = ${name}, description = ${description}, room_id = ${room}, world_id = ${world},
      entity_id = ${entity}, tags = ${tags}::text[], metadata = ${metadata}::jsonb,
      updated_at = clock_timestamp()`,
  })
}

/** One row per pair. Its id stays, whatever id is given later. */
export async function putRelationship(
  trx: Db,
  { agentId, ordinal }: Writer,
  relationship: RelationshipWrite,
): Promise<void> {
  const { sourceEntityId, targetEntityId } = relationship
  for (const id of new Set([sourceEntityId, targetEntityId])) await ensureEntity(trx, agentId, id)
  const derived = stringToUuid(`${agentId}:${sourceEntityId}:${targetEntityId}`)
  const { id = derived } = relationship
  const tags = relationship.tags.map(storableText)
  const metadata = jsonOrNull(relationship.metadata)
  const { rows } = await sql`
    insert into relationships (id, agent_id, source_entity_id, target_entity_id, tags, metadata, created_at)
    select ${id}, ${agentId}, ${sourceEntityId}, ${targetEntityId}, ${tags}::text[], coalesce(${metadata}::jsonb, '{}'),
      ${writtenAt(ordinal)}
    where not exists (select from relationships where id = ${id}
      and (agent_id, source_entity_id, target_entity_id)
        <> (${agentId}::uuid, ${sourceEntityId}::uuid, ${targetEntityId}::uuid))
    on conflict (agent_id, source_entity_id, target_entity_id) do update
      set tags = excluded.tags, metadata = coalesce(${metadata}::jsonb, relationships.metadata)
    returning id`.execute(trx)
  if (rows.length > 0) return
  throw new RecordError(
    `The relationship '${id}' stands for another pair of entities. Give this pair an id of its own, or none.`,
  )
}

export async function putCached(
  trx: Db,
  agentId: string,
  { key, value, expiresAt }: Of<'cache.put'>,
): Promise<void> {
  const until = expiresAt === undefined || Number.isNaN(expiresAt) ? null : time(expiresAt)
  await sql`
    insert into cache (agent_id, key, value, expires_at)
    values (${agentId}, ${cacheKey(key)}, ${json(value)}::jsonb, ${until})
    on conflict (agent_id, key) do update set value = excluded.value, expires_at = excluded.expires_at`.execute(
    trx,
  )
}

export async function deleteCached(trx: Db, agentId: string, key: string): Promise<void> {
  await sql`delete from cache where agent_id = ${agentId} and key = ${cacheKey(key)}`.execute(trx)
}

export async function addLog(
  trx: Db,
  { agentId, ordinal }: Writer,
  { log }: Of<'log.add'>,
): Promise<void> {
  await sql`
    insert into logs (id, agent_id, entity_id, room_id, type, body, created_at)
    values (${log.id}, ${agentId}, ${textOrNull(log.entityId)}, ${textOrNull(log.roomId)},
      ${storableText(log.type)}, ${json(log.body)}::jsonb,
      ${writtenAt(ordinal)})
    on conflict do nothing`.execute(trx)
}

/** Of the agent; false ids and those of others are just not there. */
export async function deleteThing(
  trx: Db,
  agentId: string,
  { table, id }: { table: 'components' | 'tasks' | 'logs'; id: string },
): Promise<void> {
  await sql`
    delete from ${sql.table(table)} where ${isId('id', id)} and agent_id = ${agentId}`.execute(trx)
}
