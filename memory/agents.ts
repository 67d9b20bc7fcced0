import { type Kysely, sql } from 'kysely'
import type { Database } from '../schema/database.ts'
import type { JsonObject } from '../schema/json.ts'

export interface AgentRow {
  readonly id: string
  readonly name: string
  /** Without secrets. */
  readonly character: JsonObject
  /** Encrypted, or null. */
  readonly secrets: string | null
  readonly source_hash: string | null
  readonly status: 'active' | 'inactive' | 'deleting'
  readonly created_at: Date
  readonly updated_at: Date
}

export interface NewAgentRow {
  readonly id: string
  readonly name: string
  readonly character: JsonObject
  readonly secrets: string | null
  readonly sourceHash: string | null
  readonly status: 'active' | 'inactive'
}

/** Active first, then by name. */
export function listAgents(db: Kysely<Database>): Promise<AgentRow[]> {
  return db
    .selectFrom('agents')
    .selectAll()
    .where('status', '!=', 'deleting')
    .orderBy('status')
    .orderBy('name')
    .orderBy('id')
    .execute()
}

export function findAgent(db: Kysely<Database>, id: string): Promise<AgentRow | undefined> {
  return db.selectFrom('agents').selectAll().where('id', '=', id).executeTakeFirst()
}

/** False when the id is taken. */
export async function insertAgent(db: Kysely<Database>, agent: NewAgentRow): Promise<boolean> {
  const inserted = await db
    .insertInto('agents')
    .values({
      id: agent.id,
      name: agent.name,
      character: JSON.stringify(agent.character),
      secrets: agent.secrets,
      source_hash: agent.sourceHash,
      status: agent.status,
    })
    .onConflict((oc) => oc.doNothing())
    .returning('id')
    .executeTakeFirst()
  return inserted !== undefined
}

/** Writes a character over the stored one. `updated_at` tells running workers. */
export async function updateAgent(
  db: Kysely<Database>,
  { id, name, character, secrets, sourceHash }: Omit<NewAgentRow, 'status'>,
): Promise<void> {
  await sql`
    update agents set name = ${name}, character = ${JSON.stringify(character)}::jsonb, secrets = ${secrets},
      source_hash = ${sourceHash}, updated_at = clock_timestamp()
    where id = ${id}`.execute(db)
}

/** False when there is no such agent. A deletion that has begun is not taken back. */
export async function setAgentStatus(
  db: Kysely<Database>,
  id: string,
  status: AgentRow['status'],
): Promise<boolean> {
  const { rows } = await sql`
    update agents set status = ${status}
    where id = ${id} and (status <> 'deleting' or ${status} = 'deleting')
    returning 1 as written`.execute(db)
  return rows.length > 0
}

/**
 * The agent and everything that belongs to it; channels and people's messages stay. The rooms are
 * locked first and in order, as accept and settle do: without it, each of them meets a deadlock.
 */
export async function deleteAgent(db: Kysely<Database>, id: string): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await trx
      .selectFrom('rooms')
      .select('id')
      .where('agent_id', '=', id)
      .orderBy('id')
      .forNoKeyUpdate()
      .execute()
    await trx.deleteFrom('channel_participants').where('entity_id', '=', id).execute()
    await trx.deleteFrom('agents').where('id', '=', id).execute()
  })
}

/** Agents whose deletion began and did not end. */
export async function deletingAgents(db: Kysely<Database>): Promise<string[]> {
  const rows = await db.selectFrom('agents').select('id').where('status', '=', 'deleting').execute()
  return rows.map((row) => row.id)
}
