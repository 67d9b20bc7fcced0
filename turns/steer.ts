import { type Kysely, sql } from 'kysely'
import { FencedError } from '../agent/errors.ts'
import type { StepAttempt, StepCommit } from '../agent/ports.ts'
import type { Database } from '../schema/database.ts'
import type { TurnRef } from '../schema/turn.ts'
import { lockRoomAndTurn } from './head.ts'
import { journaled } from './journal.ts'
import { writeStep } from './writes.ts'

/**
 * Takes up the messages that wait to steer a running turn: they are merged into it for its next
 * round, and what it has to say so far is said. One transaction; the first commit wins, and a second
 * run returns what that took. Without such messages nothing is written.
 *
 * A turn that was told to stop takes nothing up: it ends with what it has.
 *
 * @throws {FencedError} the turn does not run under this run.
 */
export function steer(
  db: Kysely<Database>,
  attempt: StepAttempt,
  round: number,
  said: StepCommit,
): Promise<readonly TurnRef[]> {
  const { turn } = said
  const step = `steer:${round}`
  return db.transaction().execute(async (trx) => {
    await lockRoomAndTurn(trx, { roomId: turn.room.id, turnId: turn.turnId })
    const standing = await journaled(trx, turn.turnId, turn.gen, step)
    if (standing) return standing.merged as unknown as TurnRef[] // written below
    if (!(await runs(trx, attempt))) throw new FencedError(step)
    const merged = await take(trx, attempt, turn.room.id, round + 1)
    if (merged.length === 0) return []
    await writeStep(trx, { turn, step, outboxSource: said.outboxSource }, said)
    await sql`
      insert into steps (turn_id, gen, step, attempt, token, state, result, finished_at)
      values (${turn.turnId}, ${turn.gen}, ${step}, ${attempt.attempt}, ${attempt.token}, 'done',
        ${JSON.stringify({ merged })}::jsonb, clock_timestamp())
      on conflict (turn_id, gen, step) do update set state = 'done', result = excluded.result,
        attempt = excluded.attempt, token = excluded.token, finished_at = excluded.finished_at, error = null
      `.execute(trx)
    return merged
  })
}

async function runs(trx: Kysely<Database>, { turnId, gen, runId }: StepAttempt): Promise<boolean> {
  const { rows } = await sql`
    select 1 as runs from turns
    where id = ${turnId} and gen = ${gen} and run_id = ${runId} and state = 'running'`.execute(trx)
  return rows.length > 0
}

/** Only those of the person who is answered: approvals are given in that name. In their order, also past messages that wait for turns of their own: to steer is to go first. */
async function take(
  trx: Kysely<Database>,
  { turnId }: TurnRef,
  roomId: string,
  round: number,
): Promise<TurnRef[]> {
  const { rows } = await sql<{ id: string; gen: number }>`
    with taken as (
      update turns set state = 'merged', answered_by = ${turnId}, merged_round = ${round}::int,
        settled_at = clock_timestamp(), touched_at = clock_timestamp()
      where room_id = ${roomId} and state = 'queued' and policy = 'steer' and gen = 1
        and entity_id = (select entity_id from turns
          where id = ${turnId} and cancel_requested_at is null)
      returning id, gen, seq
    ), counted as (
      update turns set merged_count = merged_count + (select count(*)::int from taken),
        touched_at = clock_timestamp()
      where id = ${turnId} and exists (select from taken)
    )
    select id, gen from taken order by seq`.execute(trx)
  return rows.map((row) => ({ turnId: row.id, gen: row.gen }))
}
