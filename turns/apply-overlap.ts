import { type Kysely, sql } from 'kysely'
import type { Database } from '../schema/database.ts'
import type { TurnRef } from '../schema/turn.ts'
import type { ActiveTurn, OverlapPlan } from './overlap.ts'

/** A room whose head may be started after a while. */
export interface LaterHead {
  readonly roomId: string
  readonly delayMs: number
}

/** What must follow the commit. */
export interface OverlapEffects {
  readonly later: readonly LaterHead[]
  readonly stopped: readonly TurnRef[]
  readonly superseded: readonly TurnRef[]
  readonly steered: readonly TurnRef[]
}

interface Place {
  readonly turnId: string
  readonly roomId: string
}

/** How often a burst may be prolonged: somebody who never stops writing gets an answer too. */
const MAX_BURSTS = 5

/** The unfinished turns of rooms, in their order. Needs the rooms' locks. */
export async function activeTurns(
  trx: Kysely<Database>,
  roomIds: readonly string[],
): Promise<Map<string, ActiveTurn[]>> {
  const { rows } = await sql<{
    id: string
    gen: number
    room_id: string
    entity_id: string
    state: 'queued' | 'running'
    stopping: boolean
  }>`
    select id, gen, room_id, entity_id, state, cancel_requested_at is not null as stopping from turns
    where room_id = any(${[...roomIds]}::uuid[]) and state in ('queued', 'running')
    order by seq`.execute(trx)
  const byRoom = new Map<string, ActiveTurn[]>()
  for (const row of rows) {
    const { id: turnId, gen, state, entity_id: entityId, stopping: isStopping } = row
    const turn = { turnId, gen, state, entityId, isStopping }
    byRoom.set(row.room_id, [...(byRoom.get(row.room_id) ?? []), turn])
  }
  return byRoom
}

/**
 * Joins a message to the turn that it was merged into, unless a Workflow admitted that meanwhile:
 * `admit` takes no lock of the room. Then the message waits behind it after all.
 */
export async function rejoin(
  trx: Kysely<Database>,
  { turnId }: Place,
  target: ActiveTurn,
): Promise<'joined' | 'admitted'> {
  const { rows } = await sql`
    update turns set merged_count = merged_count + 1, touched_at = clock_timestamp()
    where id = ${target.turnId} and gen = ${target.gen} and state = 'queued'
    returning 1 as joined`.execute(trx)
  if (rows.length > 0) return 'joined'
  await sql`
    update turns set state = 'queued', answered_by = null, settled_at = null where id = ${turnId}`.execute(
    trx,
  )
  return 'admitted'
}

/** Changes the other turns as the plan says. Needs the room's lock. */
export async function applyOverlap(
  trx: Kysely<Database>,
  { turnId, roomId }: Place,
  plan: OverlapPlan,
): Promise<OverlapEffects> {
  const superseded = await supersede(trx, turnId, plan.superseded)
  // A turn that was admitted while this transaction looked runs now: it must stop like one.
  const admitted = plan.superseded.filter((turn) => !superseded.includes(turn))
  const running = [...(plan.stopped ? [plan.stopped] : []), ...admitted]
  const stopped = await stop(trx, { turnId, keeps: plan.keeps }, running)
  const delayMs = plan.target ? await prolong(trx, plan.target, plan.delayMs) : plan.delayMs
  return {
    later: delayMs > 0 ? [{ roomId, delayMs }] : [],
    stopped: stopped.map(refOf),
    superseded: superseded.map(refOf),
    steered: plan.steered ? [refOf(plan.steered)] : [],
  }
}

const refOf = ({ turnId, gen }: TurnRef): TurnRef => ({ turnId, gen })

async function supersede(
  trx: Kysely<Database>,
  by: string,
  turns: readonly ActiveTurn[],
): Promise<ActiveTurn[]> {
  if (turns.length === 0) return []
  const { rows } = await sql<{ id: string }>`
    update turns set state = 'superseded', code = 'superseded', answered_by = ${by},
      settled_at = clock_timestamp(), touched_at = clock_timestamp()
    where id = any(${turns.map((turn) => turn.turnId)}::uuid[]) and state = 'queued'
    returning id`.execute(trx)
  const ids = rows.map((row) => row.id)
  return turns.filter((turn) => ids.includes(turn.turnId))
}

/** Marks running turns. Their own `settle` ends them; a turn that ended meanwhile stays as it is. */
async function stop(
  trx: Kysely<Database>,
  { turnId, keeps }: { turnId: string; keeps: boolean },
  turns: readonly ActiveTurn[],
): Promise<ActiveTurn[]> {
  if (turns.length === 0) return []
  const { rows } = await sql<{ id: string }>`
    update turns set cancel_requested_at = clock_timestamp(), stop_state = 'superseded',
      stop_keeps = ${keeps}, answered_by = ${turnId}, touched_at = clock_timestamp()
    where id = any(${turns.map((turn) => turn.turnId)}::uuid[]) and state = 'running'
      and cancel_requested_at is null
    returning id`.execute(trx)
  const ids = rows.map((row) => row.id)
  return turns.filter((turn) => ids.includes(turn.turnId))
}

/** The burst goes on: its turn waits once more, if it still does. @returns for how long, or 0. */
async function prolong(
  trx: Kysely<Database>,
  target: ActiveTurn,
  burstMs: number,
): Promise<number> {
  const { rows } = await sql<{ wait_ms: number }>`
    update turns set ready_at = least(clock_timestamp() + ${burstMs}::float8 * interval '1 millisecond',
        accepted_at + ${MAX_BURSTS * burstMs}::float8 * interval '1 millisecond')
    where id = ${target.turnId} and state = 'queued' and ready_at > clock_timestamp()
    returning greatest(1, extract(epoch from ready_at - clock_timestamp()) * 1000)::float8 as wait_ms`.execute(
    trx,
  )
  return rows[0]?.wait_ms ?? 0
}
