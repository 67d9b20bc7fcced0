import { type Kysely, sql } from 'kysely'
import type { Admitted, LoadedTurn, StepAttempt } from '../agent/ports.ts'
import type { Database } from '../schema/database.ts'
import type { TurnRef } from '../schema/turn.ts'
import {
  type LoadedTurnRow,
  loadedTurnColumns,
  loadedTurnJoins,
  toLoadedTurn,
} from './loaded-turn.ts'
import { withMerged } from './merged-messages.ts'

/**
 * Marks the turn running, for one run. The first commit wins: a second execution finds the row and
 * says what the first one said; another run or generation is refused.
 */
export async function admit(db: Kysely<Database>, step: StepAttempt): Promise<Admitted> {
  const admitted = await tryToAdmit(db, step)
  const isQueued = admitted.kind === 'refused' && admitted.state === 'queued'
  // It waited for whoever changed the turn, and still read what stood there before: look again.
  const standing = isQueued ? await tryToAdmit(db, step) : admitted
  if (standing.kind !== 'admitted' || standing.turn.mergedCount === 0) return standing
  // A statement of its own: it must see a message that was merged while the one above waited for it.
  return { ...standing, turn: await withMerged(db, standing.turn, 1) }
}

async function tryToAdmit(db: Kysely<Database>, step: StepAttempt): Promise<Admitted> {
  const { rows } = await sql<LoadedTurnRow & { expired: boolean }>`
    with mine as (
      update turns set state = 'running', run_id = ${step.runId}, touched_at = clock_timestamp(),
        started_at = coalesce(started_at, clock_timestamp())
      where id = ${step.turnId} and gen = ${step.gen} and state = 'queued' and deadline_at > clock_timestamp()
      returning id, gen, state, run_id, merged_count
    ), journal as (
      insert into steps (turn_id, gen, step, attempt, token, state, finished_at)
      select id, gen, 'admit', ${step.attempt}, ${step.token}, 'done', clock_timestamp() from mine
      on conflict do nothing
    )
    select ${loadedTurnColumns}, t.gen, coalesce(mine.state, t.state) as state,
      coalesce(mine.run_id, t.run_id) as run_id,
      coalesce(mine.merged_count, t.merged_count) as merged_count, t.deadline_at <= clock_timestamp() as expired
    from turns t ${loadedTurnJoins} left join mine on mine.id = t.id
    where t.id = ${step.turnId}`.execute(db)
  const row = rows[0]
  if (!row) return { kind: 'refused', state: 'cancelled' } // deleted together with its agent
  const isMine = row.gen === step.gen
  if (isMine && row.state === 'running' && row.run_id === step.runId) {
    return { kind: 'admitted', turn: toLoadedTurn(row) }
  }
  if (isMine && row.state === 'queued' && row.expired) return { kind: 'expired' }
  return { kind: 'refused', state: row.state }
}

/**
 * The turn as its steps see it in a round, or undefined when it was deleted or another generation runs.
 */
export async function loadTurn(
  db: Kysely<Database>,
  { turnId, gen }: TurnRef,
  round = 1,
): Promise<LoadedTurn | undefined> {
  const { rows } = await sql<LoadedTurnRow>`
    select ${loadedTurnColumns}, t.gen, t.state, t.run_id, t.merged_count
    from turns t ${loadedTurnJoins}
    where t.id = ${turnId} and t.gen = ${gen}`.execute(db)
  const turn = rows[0] && toLoadedTurn(rows[0])
  return turn && turn.mergedCount > 0 ? withMerged(db, turn, round) : turn
}
