import { type Kysely, type RawBuilder, sql } from 'kysely'
import { RecordError } from '../../agent/record-checks.ts'
import type { Database } from '../../schema/database.ts'

/** What a row is put with. */
export interface Put {
  /** For the message: `entity`. */
  readonly kind: string
  readonly table: string
  readonly id: string
  readonly agentId: string
  /** Ends in `on conflict do nothing`. */
  readonly insert: RawBuilder<unknown>
  /** What an update sets. Absent: what stands there stays. */
  readonly set?: RawBuilder<unknown>
  /** Only rows of which this holds are updated; others stay. */
  readonly onlyIf?: RawBuilder<unknown>
}

/** @throws {RecordError} the row belongs to another agent, which keeps it. */
export async function putRow(trx: Kysely<Database>, put: Put): Promise<void> {
  if ((await standing(trx, put)) || (await inserted(trx, put)) || (await standing(trx, put))) return
  throw new RecordError(
    `The ${put.kind} '${put.id}' belongs to another agent. Make the id with createUniqueUuid, which differs by agent.`,
  )
}

/** False when the agent has no such row. */
async function standing(trx: Kysely<Database>, put: Put): Promise<boolean> {
  const { id, agentId, set, onlyIf = sql`true` } = put
  const table = sql.table(put.table)
  const mine = sql`id = ${id} and agent_id = ${agentId}`
  if (set) {
    const { rows } =
      await sql`update ${table} set ${set} where ${mine} and ${onlyIf} returning id`.execute(trx)
    if (rows.length > 0) return true
    if (!put.onlyIf) return false
  }
  return (await sql`select id from ${table} where ${mine}`.execute(trx)).rows.length > 0
}

async function inserted(trx: Kysely<Database>, { insert }: Put): Promise<boolean> {
  return (await sql`${insert} returning id`.execute(trx)).rows.length > 0
}
