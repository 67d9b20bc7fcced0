import { type Kysely, sql } from 'kysely'
import type { Database } from '../schema/database.ts'
import type { AgentRow } from './agents.ts'

export type AgentStanding = Pick<AgentRow, 'id' | 'status' | 'updated_at'>

/** Of all agents, also of those that are just being deleted. */
export const agentStandings = (db: Kysely<Database>): Promise<AgentStanding[]> =>
  db.selectFrom('agents').select(['id', 'status', 'updated_at']).orderBy('id').execute()

/** Those of the agents that have a turn which runs, in whatever process. */
export async function agentsAtWork(
  db: Kysely<Database>,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set()
  const { rows } = await sql<{ id: string }>`
    select distinct agent_id as id from turns
    where agent_id = any(${[...ids]}::uuid[]) and state = 'running'`.execute(db)
  return new Set(rows.map(({ id }) => id))
}
