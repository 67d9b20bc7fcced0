import { type Kysely, sql } from 'kysely'
import type { Database } from '../schema/database.ts'

/** A holder that is silent for so long has lost its agents. */
export const GATEWAY_LEASE_MS = 12_000

const UNTIL = sql`clock_timestamp() + ${sql.lit(GATEWAY_LEASE_MS)} * interval '1 millisecond'`

/** Who holds the sockets of agents, in Postgres. */
export interface GatewayLeases {
  /** Takes or extends the right to agents that nobody else holds. @returns those that are held now */
  take(holder: string, agentIds: readonly string[]): Promise<readonly string[]>
  /** Others need not wait for the silence. */
  leave(holder: string, agentIds: readonly string[]): Promise<void>
}

export const createGatewayLeases = (db: Kysely<Database>): GatewayLeases => ({
  async take(holder, agentIds) {
    if (agentIds.length === 0) return []
    const { rows } = await sql<{ agent_id: string }>`
      insert into gateways (agent_id, holder, until)
      select a.id, ${holder}, ${UNTIL} from agents a
        where a.id = any(${[...agentIds]}::uuid[]) and a.status = 'active' order by a.id
      on conflict (agent_id) do update set holder = excluded.holder, until = excluded.until
        where gateways.holder = excluded.holder or gateways.until < clock_timestamp()
      returning agent_id`.execute(db)
    return rows.map(({ agent_id }) => agent_id)
  },
  async leave(holder, agentIds) {
    if (agentIds.length === 0) return
    await sql`delete from gateways
      where holder = ${holder} and agent_id = any(${[...agentIds]}::uuid[])`.execute(db)
  },
})
