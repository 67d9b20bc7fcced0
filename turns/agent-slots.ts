import { type Kysely, sql } from 'kysely'
import type { Database } from '../schema/database.ts'
import type { HeadTurn, TurnRef } from '../schema/turn.ts'
import { toHeadTurn } from './head.ts'

/** A head that waits for a free place of its agent. Nothing but this file lets it go on. */
const HELD = sql`'infinity'::timestamptz`

interface HeadRow {
  id: string
  gen: number
  agent_id: string
  room_id: string
  deadline_at: Date
}

/**
 * Puts a head behind those of its agent that wait for a free place, then lets as many go as there are
 * places, the oldest first. A place is taken by a turn that runs, or that may be started by anybody: the
 * rows are counted under the lock of the agent's row, so that no two processes give away the same place.
 *
 * @param most turns of one agent that run at the same time, from 1
 * @returns the heads to start; the given one is not always among them
 */
export function takePlace(
  db: Kysely<Database>,
  { turnId, gen, agentId }: TurnRef & { readonly agentId: string },
  most: number,
): Promise<readonly HeadTurn[]> {
  return db.transaction().execute(async (trx) => {
    await lockAgent(trx, agentId)
    await sql`
      update turns set ready_at = ${HELD}
      where id = ${turnId} and gen = ${gen} and state = 'queued'`.execute(trx)
    return release(trx, agentId, most)
  })
}

/** Lets go whatever finds a free place by now. */
export async function fillPlaces(db: Kysely<Database>, most: number): Promise<readonly HeadTurn[]> {
  const { rows } = await sql<{ agent_id: string }>`
    select distinct agent_id from turns where state = 'queued' and ready_at = ${HELD}`.execute(db)
  const released: HeadTurn[] = []
  for (const { agent_id: agentId } of rows) {
    const heads = await db.transaction().execute(async (trx) => {
      await lockAgent(trx, agentId)
      return release(trx, agentId, most)
    })
    released.push(...heads)
  }
  return released
}

/** Whether anybody waits for a free place, were it of an agent that is stopped. */
export async function hasHeld(db: Kysely<Database>): Promise<boolean> {
  const { rows } = await sql`
    select id from turns where state = 'queued' and ready_at = ${HELD} limit 1`.execute(db)
  return rows.length > 0
}

/** `for no key update`: foreign keys to the agent do not wait for it. */
const lockAgent = (trx: Kysely<Database>, agentId: string) =>
  trx.selectFrom('agents').select('id').where('id', '=', agentId).forNoKeyUpdate().execute()

async function release(
  trx: Kysely<Database>,
  agentId: string,
  most: number,
): Promise<readonly HeadTurn[]> {
  const { rows } = await sql<HeadRow>`
    with taken as (
      select count(*)::int as places from turns
      where agent_id = ${agentId}
        and (state = 'running' or (state = 'queued' and ready_at <= clock_timestamp()))
    ), next as (
      select t.id from turns t join agents a on a.id = t.agent_id and a.status = 'active'
      where t.agent_id = ${agentId} and t.state = 'queued' and t.ready_at = ${HELD}
      order by t.accepted_at, t.id
      limit greatest(0, ${most}::int - (select places from taken))
    )
    update turns set ready_at = clock_timestamp() from next
    where turns.id = next.id and turns.state = 'queued'
    returning turns.id, turns.gen, turns.agent_id, turns.room_id, turns.deadline_at`.execute(trx)
  return rows.map(toHeadTurn)
}
