import { type Kysely, sql } from 'kysely'
import type { Database } from '../schema/database.ts'
import type { HeadTurn, TurnRef } from '../schema/turn.ts'
import { cancelApprovals } from './approvals.ts'
import { lockRoom, startableHead } from './head.ts'
import { type Retraction, retractPending } from './outbox-retract.ts'

export interface CancelRequest {
  readonly turnId: string
  readonly roomId: string
  /** What the running turn has said so far stays as its reply. @default false */
  readonly keepsPartial?: boolean
}

export interface CancelOutcome {
  /** The running generation whose Workflow must be told; undefined when there is none. */
  readonly running: TurnRef | undefined
  /** The generation that ended at once, because nobody ran it. */
  readonly cancelled: { readonly gen: number } | undefined
  /** The room's head after a queued turn left the queue. */
  readonly head: HeadTurn | undefined
  /** Of a turn that had ended: its messages on the way to a chat platform. */
  readonly delivery: Retraction | undefined
}

/**
 * Cancels a turn under its room's lock. A queued turn ends at once (if its Workflow is being started,
 * `admit` finds the ended row); a running one is marked, and its Workflow must then be cancelled. Of an
 * ended one what its outbox has not sent yet is taken back.
 */
export function requestCancel(
  db: Kysely<Database>,
  { turnId, roomId, keepsPartial = false }: CancelRequest,
): Promise<CancelOutcome> {
  return db.transaction().execute(async (trx) => {
    await lockRoom(trx, roomId)
    const { rows } = await sql<{ state: string; gen: number }>`
      update turns set cancel_requested_at = coalesce(cancel_requested_at, clock_timestamp()),
        touched_at = clock_timestamp(), stop_state = coalesce(stop_state, 'cancelled'),
        stop_keeps = case when cancel_requested_at is null then ${keepsPartial}::boolean else stop_keeps end,
        state = case when state = 'running' then state else 'cancelled' end,
        code = case when state = 'running' then code else 'cancelled_by_user' end,
        settled_at = case when state = 'running' then settled_at else clock_timestamp() end
      where id = ${turnId} and state in ('queued', 'running', 'waiting_approval')
      returning state, gen`.execute(trx)
    const row = rows[0]
    if (row?.state === 'running') {
      return { ...NOTHING, running: { turnId, gen: row.gen } }
    }
    const head = await releaseHead(trx, roomId)
    if (!row)
      return { ...NOTHING, delivery: await retractUnlessKept(trx, turnId, keepsPartial), head }
    await cancelApprovals(trx, turnId)
    if (!keepsPartial) await retractPending(trx, turnId) // what a parked turn had said
    return { ...NOTHING, cancelled: { gen: row.gen }, head }
  })
}

/** Of a turn that has ended. What the first request kept, a later one does not take back. */
async function retractUnlessKept(
  trx: Kysely<Database>,
  turnId: string,
  keepsPartial: boolean,
): Promise<Retraction | undefined> {
  if (keepsPartial) return undefined
  const { rows } = await sql<{ kept: boolean }>`
    select stop_keeps and cancel_requested_at is not null as kept from turns where id = ${turnId}`.execute(
    trx,
  )
  return rows[0]?.kept ? undefined : retractPending(trx, turnId)
}

const NOTHING: CancelOutcome = {
  running: undefined,
  cancelled: undefined,
  head: undefined,
  delivery: undefined,
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
