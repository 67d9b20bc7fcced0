import { type Kysely, sql } from 'kysely'
import { ConflictError } from '../agent/errors.ts'
import type { ApprovalDoor, ApprovalOption } from '../schema/approval.ts'
import type { Database } from '../schema/database.ts'
import type { HeadTurn } from '../schema/turn.ts'
import { findApproval } from './approvals.ts'
import { releaseHead } from './cancel.ts'
import { carryOver } from './carry-over.ts'
import { freshDeadline } from './deadline.ts'
import { lockRoomAndTurn } from './head.ts'

export interface GivenAnswer {
  readonly id: string
  readonly decision: ApprovalOption | 'expire'
  /** Who: an entity's id, or what a caller of the API calls itself. */
  readonly by: string
  readonly via: ApprovalDoor
  readonly comment?: string
  /** What the turn gets to finish, from now, unless its agent has a setting of its own. */
  readonly turnDeadlineMs: number
}

export type ApprovalRow = NonNullable<Awaited<ReturnType<typeof findApproval>>>

export interface Answered {
  readonly approval: ApprovalRow
  /** False: another answer was there first, and stands. The same answer again is ours. */
  readonly isOurs: boolean
  /** The room's head, if it waits to be started. */
  readonly head: HeadTurn | undefined
}

const STATES = { approve: 'approved', deny: 'denied', expire: 'expired' } as const

/**
 * Writes who said what to a parked turn's question, and queues the turn again at the tail of its room, as its next
 * generation and with a deadline of its own. Answers, cancellation and expiry are decided by the
 * room's lock: the first one stands. An answer behind the deadline counts as none, also when the
 * sweeper has not come by yet. Undefined when there is no such approval.
 *
 * @throws {ConflictError} `agent_stopped`
 */
export async function answerApproval(
  db: Kysely<Database>,
  answer: GivenAnswer,
): Promise<Answered | undefined> {
  const known = await findApproval(db, answer.id)
  if (!known) return undefined
  const { room_id: roomId, turn_id: turnId } = known
  return db.transaction().execute(async (trx) => {
    await lockRoomAndTurn(trx, { roomId, turnId })
    if (answer.decision !== 'expire') await refuseStopped(trx, known)
    if (await settleQuestion(trx, answer)) await resume(trx, known, answer)
    else await dropStale(trx, answer.id)
    // A statement of its own: it must see what the lock may have waited for.
    const approval = await findApproval(trx, answer.id)
    if (!approval) return undefined
    const isOurs = approval.state === STATES[answer.decision]
    return { approval, isOurs, head: await releaseHead(trx, roomId) }
  })
}

/** Its turn would wait until its deadline, and the answer be spent. @throws {ConflictError} */
async function refuseStopped(
  trx: Kysely<Database>,
  { id, agent_id: agentId }: ApprovalRow,
): Promise<void> {
  const { rows } = await sql`
    select 1 as spent from approvals p join agents a on a.id = p.agent_id
    where p.id = ${id} and p.state = 'pending' and a.status <> 'active'`.execute(trx)
  if (rows.length === 0) return
  throw new ConflictError(
    `The agent '${agentId}' is stopped. Start it with POST /api/agents/${agentId}/start, then answer again.`,
    'agent_stopped',
  )
}

/** True for whoever answers first. */
async function settleQuestion(
  trx: Kysely<Database>,
  { id, decision, by, via, comment }: GivenAnswer,
): Promise<boolean> {
  const { rows } = await sql`
    update approvals set answered_at = clock_timestamp(),
      state = case when deadline_at <= clock_timestamp() then 'expired' else ${STATES[decision]} end,
      answered_by = case when deadline_at <= clock_timestamp() then 'deadline' else ${by} end,
      answered_via = case when deadline_at <= clock_timestamp() then 'sweeper' else ${via} end,
      comment = case when deadline_at <= clock_timestamp() then null else ${comment ?? null}::text end
    where id = ${id} and state = 'pending' and exists (select from turns t
      where t.id = approvals.turn_id and t.gen = approvals.gen and t.state = 'waiting_approval')
    returning 1 as answered`.execute(trx)
  return rows.length > 0
}

async function resume(
  trx: Kysely<Database>,
  { room_id: roomId, turn_id: turnId, gen }: ApprovalRow,
  { turnDeadlineMs }: GivenAnswer,
): Promise<void> {
  await sql`
    with place as (
      update rooms set last_seq = last_seq + 1 where id = ${roomId} returning last_seq
    )
    update turns set gen = gen + 1, state = 'queued', run_id = null, ready_at = null, seq = place.last_seq,
      deadline_at = ${freshDeadline(sql`turns.agent_id`, turnDeadlineMs)}, deadline_from = clock_timestamp(),
      touched_at = clock_timestamp()
    from place
    where turns.id = ${turnId} and turns.gen = ${gen}`.execute(trx)
  await carryOver(trx, { turnId, gen }, { isSaid: true })
}

/** A question that still stands although its turn does not wait any more. */
async function dropStale(trx: Kysely<Database>, id: string): Promise<void> {
  await sql`
    update approvals set state = 'cancelled', answered_at = clock_timestamp()
    where id = ${id} and state = 'pending'`.execute(trx)
}
