import { type Kysely, sql } from 'kysely'
import type { Database } from '../schema/database.ts'
import type { HeadTurn, TurnRef } from '../schema/turn.ts'
import { lockRoom, toHeadTurn } from './head.ts'
import { voidClaims } from './journal.ts'

/** `hashtext('turnkeeper.sweep')`, written out: one sweep at a time in the whole system. */
const SWEEP_LOCK = 738_911_442

/** Rows per kind and sweep. */
const LIMIT = 500

export interface SweepLimits {
  /** A head that was not admitted this long after it became ready is started again. */
  readonly readyMs: number
  /** A running turn that was not touched this long is looked up in Temporal. */
  readonly untouchedMs: number
  /** How long past its deadline a queued turn may stand. */
  readonly graceMs: number
}

export interface RunningTurn extends TurnRef {
  readonly agentId: string
  readonly roomId: string
  readonly deadlineAt: number
  readonly cancelRequested: boolean
}

export interface SweepFindings {
  /** Heads to be started (again). */
  readonly ready: readonly HeadTurn[]
  /** Queued turns past their deadline, to be settled as `timed_out`. */
  readonly expired: readonly HeadTurn[]
  /** Running turns whose Workflow should be looked up. */
  readonly running: readonly RunningTurn[]
}

interface Row {
  id: string
  gen: number
  agent_id: string
  room_id: string
  deadline_at: Date
  cancel_requested: boolean
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
    return {
      ready: (await ready(trx, limits.readyMs)).map(toHeadTurn),
      expired: (await expired(trx, limits.graceMs)).map(toHeadTurn),
      running: (await running(trx, limits)).map(toRunningTurn),
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
      where state in ('queued', 'waiting_approval') and deadline_at < ${ago(Math.min(graceMs, 2_000))}
      order by touched_at limit ${LIMIT}
    )
    update turns set touched_at = clock_timestamp() from late
    where turns.id = late.id and turns.state in ('queued', 'waiting_approval')
    returning turns.id, turns.gen, turns.agent_id, turns.room_id, turns.deadline_at`.execute(trx)
  return rows
}

/** Quiet ones; those that were cancelled or are late are looked at sooner. */
async function running(
  trx: Kysely<Database>,
  { untouchedMs, graceMs }: SweepLimits,
): Promise<Row[]> {
  const { rows } = await sql<Row>`
    with quiet as (
      select id from turns
      where state = 'running' and (touched_at < ${ago(untouchedMs)}
        or (cancel_requested_at is not null and touched_at < ${ago(1_000)})
        or (deadline_at < ${ago(graceMs)} and touched_at < ${ago(1_000)}))
      order by touched_at limit ${LIMIT}
    )
    update turns set touched_at = clock_timestamp() from quiet
    where turns.id = quiet.id and turns.state = 'running'
    returning turns.id, turns.gen, turns.agent_id, turns.room_id, turns.deadline_at,
      turns.cancel_requested_at is not null as cancel_requested`.execute(trx)
  return rows
}

const toRunningTurn = (row: Row): RunningTurn => ({
  ...toHeadTurn(row),
  cancelRequested: row.cancel_requested,
})

/**
 * Opens the next generation of a running turn that Temporal does not know (its retention is over, or
 * its data is gone). Undefined when the turn moved on meanwhile. The complete ledger rows of the old
 * generation serve the new one unpaid.
 */
export function takeOver(
  db: Kysely<Database>,
  { turnId, gen, roomId }: RunningTurn,
): Promise<HeadTurn | undefined> {
  return db.transaction().execute(async (trx) => {
    await lockRoom(trx, roomId)
    const { rows } = await sql<Row>`
      update turns set gen = gen + 1, state = 'queued', run_id = null, ready_at = clock_timestamp(),
        touched_at = clock_timestamp()
      where id = ${turnId} and gen = ${gen} and state = 'running'
      returning id, gen, agent_id, room_id, deadline_at`.execute(trx)
    if (!rows[0]) return undefined
    await voidClaims({ turnId, gen }).execute(trx)
    return toHeadTurn(rows[0])
  })
}
