import { type Kysely, sql } from 'kysely'
import type { WorldWrite } from '../../agent/records.ts'
import type { Database } from '../../schema/database.ts'
import { DEFAULT_MESSAGE_SERVER_ID, isUuid, stringToUuid } from '../../schema/ids.ts'
import type { Json, JsonObject } from '../../schema/json.ts'
import { json } from '../../schema/sql-json.ts'
import { storableText } from '../../schema/text.ts'
import { setPath } from '../set-path.ts'
import { jsonOrNull, textOrNull } from './columns.ts'
import { isId } from './conditions.ts'
import { putRow } from './put-row.ts'

type Db = Kysely<Database>

/** A row with neither name nor metadata was made because something referred to it: it counts as missing. */
export async function putWorld(
  trx: Db,
  agentId: string,
  { id, name, messageServerId, metadata }: WorldWrite,
  ifMissing = false,
): Promise<void> {
  const given = { name: textOrNull(name), metadata: jsonOrNull(metadata) }
  // A platform's own name is kept beside the id that is made of it.
  const server = messageServerId === undefined ? null : stringToUuid(messageServerId)
  const platform =
    messageServerId === undefined || isUuid(messageServerId) ? null : storableText(messageServerId)
  await putRow(trx, {
    ...{ kind: 'world', table: 'worlds', id, agentId },
    insert: sql`
      insert into worlds (id, agent_id, name, message_server_id, platform_server, metadata)
      values (${id}, ${agentId}, ${given.name}, coalesce(${server}::uuid, ${DEFAULT_MESSAGE_SERVER_ID}::uuid),
        ${platform}, coalesce(${given.metadata}::jsonb, '{}')) on conflict do nothing`,
    set: sql`name = coalesce(${given.name}::text, name), metadata = coalesce(${given.metadata}::jsonb, metadata),
      message_server_id = coalesce(${server}::uuid, message_server_id),
      platform_server = case when ${server}::uuid is null then platform_server else ${platform}::text end`,
    onlyIf: ifMissing ? sql`name is null and metadata = '{}'` : undefined,
  })
}

export async function ensureWorld(trx: Db, agentId: string, id: string): Promise<void> {
  await putRow(trx, {
    ...{ kind: 'world', table: 'worlds', id, agentId },
    insert: sql`
      insert into worlds (id, agent_id, message_server_id)
      values (${id}, ${agentId}, ${DEFAULT_MESSAGE_SERVER_ID}) on conflict do nothing`,
  })
}

/** The row is locked, so that of two who change different keys the second sees what the first wrote. */
export async function setWorldValue(
  trx: Db,
  agentId: string,
  { id, path, value }: { id: string; path: readonly string[]; value: Json | undefined },
): Promise<void> {
  const { rows } = await sql<{ metadata: JsonObject }>`
    select metadata from worlds where ${isId('id', id)} and agent_id = ${agentId}
    for no key update`.execute(trx)
  if (!rows[0]) return
  const metadata = setPath(rows[0].metadata, path, value)
  await sql`update worlds set metadata = ${json(metadata)}::jsonb where id = ${id}`.execute(trx)
}
