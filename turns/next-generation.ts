import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { Database } from '../schema/database.ts'
import type { HeadTurn, TurnRef } from '../schema/turn.ts'
import { carryOver } from './carry-over.ts'
import { toHeadTurn } from './head.ts'
import { voidClaims } from './journal.ts'

interface Row {
  id: string
  gen: number
  agent_id: string
  room_id: string
  deadline_at: Date
}

/**
 * Queues the next generation of an unfinished turn at its old place, if `condition` (about `turns`)
 * holds. What its steps finished stays finished: the new Workflow passes through it, and no action
 * runs twice. Needs the locks of the room and of the turn.
 */
export async function openNextGeneration(
  trx: Kysely<Database>,
  { turnId, gen }: TurnRef,
  condition: RawBuilder<unknown>,
): Promise<HeadTurn | undefined> {
  const { rows } = await sql<Row>`
    update turns set gen = gen + 1, state = 'queued', run_id = null, touched_at = clock_timestamp(),
      ready_at = case when state = 'running' or ready_at is not null then clock_timestamp() end
    where id = ${turnId} and gen = ${gen} and ${condition}
    returning id, gen, agent_id, room_id, deadline_at`.execute(trx)
  if (!rows[0]) return undefined
  await voidClaims({ turnId, gen }).execute(trx)
  await carryOver(trx, { turnId, gen }, { isSaid: false })
  return toHeadTurn(rows[0])
}
