import { type Kysely, sql } from 'kysely'
import type { Database } from '../schema/database.ts'
import type { HeadTurn, TurnRef } from '../schema/turn.ts'
import { lockRoom, startableHead } from './head.ts'

export interface CancelOutcome {
  /** The running generation whose Workflow must be told; undefined when there is none. */
  readonly running: TurnRef | undefined
  /** The generation that ended at once, because nobody ran it. */
  readonly cancelled: { readonly gen: number } | undefined
  /** The room's head after a queued turn left the queue. */
  readonly head: HeadTurn | undefined
}

/**
 * Cancels a turn under its room's lock. A queued turn ends at once (if its Workflow is being started,
 * `admit` finds the ended row); a running one is marked, and its Workflow must then be cancelled.
 */
export function requestCancel(
  db: Kysely<Database>,
  { turnId, roomId }: { turnId: string; roomId: string },
): Promise<CancelOutcome> {
  return db.transaction().execute(async (trx) => {
    await lockRoom(trx, roomId)
    const { rows } = await sql<{ state: string; gen: number }>`
      update turns set cancel_requested_at = coalesce(cancel_requested_at, clock_timestamp()),
        touched_at = clock_timestamp(),
        state = case when state = 'running' then state else 'cancelled' end,
        code = case when state = 'running' then code else 'cancelled_by_user' end,
        settled_at = case when state = 'running' then settled_at else clock_timestamp() end
      where id = ${turnId} and state in ('queued', 'running', 'waiting_approval')
      returning state, gen`.execute(trx)
    const row = rows[0]
    if (row?.state === 'running') {
      return { running: { turnId, gen: row.gen }, cancelled: undefined, head: undefined }
    }
    const head = await releaseHead(trx, roomId)
    return { running: undefined, cancelled: row && { gen: row.gen }, head }
  })
}

/**
 * Marks the room's head as startable, if it waits, and returns it. Needs the room's lock. The head of
 * a stopped agent is marked too: the sweeper starts it when the agent runs again.
 */
export async function releaseHead(
  trx: Kysely<Database>,
  roomId: string,
): Promise<HeadTurn | undefined> {
  await sql`
    update turns set ready_at = clock_timestamp()
    where state = 'queued' and ready_at is null and id = (
      select id from turns where room_id = ${roomId} and state in ('queued', 'running')
      order by seq limit 1)`.execute(trx)
  return startableHead(trx, roomId)
}
