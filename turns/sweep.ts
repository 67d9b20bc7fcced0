import { type Kysely, sql } from 'kysely'
import type { Database } from '../schema/database.ts'
import type { HeadTurn, TurnRef } from '../schema/turn.ts'
import { lockRoomAndTurn, toHeadTurn } from './head.ts'
import { closeForgottenCalls } from './ledger.ts'
import { openNextGeneration } from './next-generation.ts'
import { abandonedRooms, type OutboxRoom } from './outbox-abandoned.ts'

/** `hashtext('turnkeeper.sweep')`, written out: one sweep at a time in the whole system. */
const SWEEP_LOCK = 738_911_442

/** Rows per kind and sweep. */
const LIMIT = 500

export interface SweepLimits {
  /** A head that was not admitted this long after it became ready is started again. */
  readonly readyMs: number
  /** A running turn that was not touched this long is looked up in Temporal. */
  readonly untouchedMs: number
  /** How long past its deadline a turn may stand at most; what is not heard by then is not waited for. */
  readonly graceMs: number
  /** A running turn that is this late is ended; less than the grace, so that the sweep is in time. */
  readonly lateMs: number
}

export interface RunningTurn extends TurnRef {
  readonly agentId: string
  readonly roomId: string
  readonly deadlineAt: number
  readonly cancelRequested: boolean
  /** Past its deadline, or told to stop so long ago that its Workflow will not hear it any more. */
  readonly isOverdue: boolean
}

export interface SweepFindings {
  /** Heads to be started (again). */
  readonly ready: readonly HeadTurn[]
  /** Queued turns past their deadline, to be settled as `timed_out`. */
  readonly expired: readonly HeadTurn[]
  /** Running turns whose Workflow should be looked up. */
  readonly running: readonly RunningTurn[]
  /** Ids of approvals that nobody answered in time. */
  readonly unanswered: readonly string[]
  /** Rooms whose outbox nobody sends. */
  readonly undelivered: readonly OutboxRoom[]
}

interface Row {
  id: string
  gen: number
  agent_id: string
  room_id: string
  deadline_at: Date
  cancel_requested: boolean
  overdue: boolean
}

/**
 * What needs attention, marked so that the next sweep does not find it again at once. Undefined when
 * another process sweeps. The lock belongs to the transaction: a session's lock would leak through
 * the pool. Nothing outside Postgres is called in here.
 */
export function findLateTurns(
  db: Kysely<Database>,
  limits: SweepLimits,
): Promise<SweepFindings | undefined> {
  return db.transaction().execute(async (trx) => {
    const { rows } = await sql<{ mine: boolean }>`
      select pg_try_advisory_xact_lock(${SWEEP_LOCK}::bigint) as mine`.execute(trx)
    if (!rows[0]?.mine) return undefined
    await closeForgottenCalls(trx)
    return {
      ready: (await ready(trx, limits.readyMs)).map(toHeadTurn),
      expired: (await expired(trx, limits.graceMs)).map(toHeadTurn),
      running: (await running(trx, limits)).map(toRunningTurn),
      unanswered: await unanswered(trx),
      undelivered: await abandonedRooms(trx),
    }
  })
}

const ago = (ms: number) => sql`clock_timestamp() - ${ms}::float8 * interval '1 millisecond'`

/** Heads whose start was lost: nobody admitted them. Moving `ready_at` spaces the repeats. */
async function ready(trx: Kysely<Database>, readyMs: number): Promise<Row[]> {
  const { rows } = await sql<Row>`
    with late as (
      select t.id from turns t join agents a on a.id = t.agent_id and a.status = 'active'
      where t.state = 'queued' and t.ready_at < ${ago(readyMs)} and t.deadline_at > clock_timestamp()
        and not exists (select from turns o where o.room_id = t.room_id and o.seq < t.seq
          and o.state in ('queued', 'running'))
      order by t.ready_at limit ${LIMIT}
    )
    update turns set ready_at = clock_timestamp() from late
    where turns.id = late.id and turns.state = 'queued'
    returning turns.id, turns.gen, turns.agent_id, turns.room_id, turns.deadline_at`.execute(trx)
  return rows
}

/**
 * Queued turns that nobody will run any more; the grace leaves a starting Workflow its chance. Marked,
 * and taken in the order of their marks: some that cannot be settled must not hide the others.
 */
async function expired(trx: Kysely<Database>, graceMs: number): Promise<Row[]> {
  const { rows } = await sql<Row>`
    with late as (
      select id from turns
      where state = 'queued' and deadline_at < ${ago(Math.min(graceMs, 2_000))}
      order by touched_at limit ${LIMIT}
    )
    update turns set touched_at = clock_timestamp() from late
    where turns.id = late.id and turns.state = 'queued'
    returning turns.id, turns.gen, turns.agent_id, turns.room_id, turns.deadline_at`.execute(trx)
  return rows
}

/** A parked turn has the deadline of its question. Answered by the sweeper, they are found no more. */
async function unanswered(trx: Kysely<Database>): Promise<string[]> {
  const rows = await trx
    .selectFrom('approvals')
    .select('id')
    .where('state', '=', 'pending')
    .where('deadline_at', '<=', sql<Date>`clock_timestamp()`)
    .orderBy('deadline_at')
    .limit(LIMIT)
    .execute()
  return rows.map(({ id }) => id)
}

/** Quiet ones; those that were cancelled or are late are looked at sooner. */
async function running(
  trx: Kysely<Database>,
  { untouchedMs, graceMs, lateMs }: SweepLimits,
): Promise<Row[]> {
  const overdue = sql`(deadline_at < ${ago(lateMs)} or coalesce(cancel_requested_at < ${ago(graceMs)}, false))`
  const { rows } = await sql<Row>`
    with quiet as (
      select id from turns
      where state = 'running' and (touched_at < ${ago(untouchedMs)}
        or (cancel_requested_at is not null and touched_at < ${ago(1_000)})
        or deadline_at < ${ago(lateMs)})
      order by touched_at limit ${LIMIT}
    )
    update turns set touched_at = clock_timestamp() from quiet
    where turns.id = quiet.id and turns.state = 'running'
    returning turns.id, turns.gen, turns.agent_id, turns.room_id, turns.deadline_at,
      turns.cancel_requested_at is not null as cancel_requested, ${overdue} as overdue`.execute(trx)
  return rows
}

const toRunningTurn = (row: Row): RunningTurn => ({
  ...toHeadTurn(row),
  cancelRequested: row.cancel_requested,
  isOverdue: row.overdue,
})

/**
 * Opens the next generation of a running turn that Temporal does not know (its retention is over, or
 * its data is gone). Undefined when the turn moved on meanwhile. What the old generation's steps
 * finished is not done again, and its complete ledger rows serve the new one unpaid.
 */
export function takeOver(
  db: Kysely<Database>,
  { turnId, gen, roomId }: HeadTurn,
): Promise<HeadTurn | undefined> {
  return db.transaction().execute(async (trx) => {
    await lockRoomAndTurn(trx, { roomId, turnId })
    return openNextGeneration(trx, { turnId, gen }, sql`state = 'running'`)
  })
}
