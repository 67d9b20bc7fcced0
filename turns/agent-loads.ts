import { type Kysely, sql } from 'kysely'
import type { Database } from '../schema/database.ts'
import type { JsonObject } from '../schema/json.ts'
import type { TurnState } from '../schema/turn.ts'

/** An agent, how much it has to do, and how its newest turn that ended has ended. */
export interface AgentLoad {
  readonly id: string
  readonly name: string
  /** Without secrets. */
  readonly character: JsonObject
  readonly status: 'active' | 'inactive'
  readonly createdAt: Date
  readonly updatedAt: Date
  readonly running: number
  readonly queued: number
  readonly lastTurnId: string | null
  readonly lastState: TurnState | null
  readonly lastCode: string | null
  readonly lastAt: Date | null
}

/** Of every agent that is not being deleted, by name. */
export async function agentLoads(db: Kysely<Database>): Promise<readonly AgentLoad[]> {
  const { rows } = await sql<AgentLoad>`
    select a.id, a.name, a.character, a.status, a.created_at as "createdAt", a.updated_at as "updatedAt",
      coalesce(open.running, 0)::int as running, coalesce(open.queued, 0)::int as queued,
      last.id as "lastTurnId", last.state as "lastState", last.code as "lastCode", last.settled_at as "lastAt"
    from agents a
      left join (select agent_id, count(*) filter (where state = 'running') as running,
          count(*) filter (where state = 'queued') as queued
        from turns where state in ('queued', 'running') group by agent_id) open on open.agent_id = a.id
      left join lateral (select t.id, t.state, t.code, t.settled_at from turns t
        where t.agent_id = a.id and t.settled_at is not null
        order by t.accepted_at desc limit 1) last on true
    where a.status <> 'deleting'
    order by a.name, a.id`.execute(db)
  return rows
}

export interface BadEnding {
  readonly turnId: string
  readonly agentId: string
  readonly code: string | null
  /** In words. */
  readonly error: string | null
  readonly at: Date
}

/** Turns that ended badly since, oldest first. At most 100. */
export async function badEndings(db: Kysely<Database>, since: Date): Promise<readonly BadEnding[]> {
  const { rows } = await sql<BadEnding>`
    select id as "turnId", agent_id as "agentId", code, error, dead_letter_at as at from turns
    where dead_letter is not null and dead_letter_at > ${since}
    order by dead_letter_at limit 100`.execute(db)
  return rows
}
