import { type Kysely, sql } from 'kysely'
import { FencedError } from '../agent/errors.ts'
import type { StepAttempt, StoredPrompt } from '../agent/ports.ts'
import type { Database } from '../schema/database.ts'
import type { TurnRef } from '../schema/turn.ts'

/** The prompt of a step, if it was composed. It never changes. */
export async function readPrompt(
  db: Kysely<Database>,
  { turnId, gen }: TurnRef,
  step: string,
): Promise<StoredPrompt | undefined> {
  return db
    .selectFrom('prompts')
    .select(['prompt', 'state'])
    .where('turn_id', '=', turnId)
    .where('gen', '=', gen)
    .where('step', '=', step)
    .executeTakeFirst()
}

/**
 * Stores the prompt for `decide` (`decide:2` in a second round) and journals `composeState` with it; the
 * first commit wins.
 * @throws {FencedError} the turn does not run under this generation and run.
 */
export async function writePrompt(
  db: Kysely<Database>,
  attempt: StepAttempt,
  step: string,
  { prompt, state }: StoredPrompt,
): Promise<StoredPrompt> {
  const composed = step.replace('decide', 'composeState')
  const { rows } = await sql<StoredPrompt>`
    with turn as (
      select id, gen from turns
      where id = ${attempt.turnId} and gen = ${attempt.gen} and run_id = ${attempt.runId} and state = 'running'
    ), mine as (
      insert into prompts (turn_id, gen, step, prompt, state)
      select id, gen, ${step}, ${prompt}, ${JSON.stringify(state)}::jsonb from turn
      on conflict do nothing
      returning prompt, state
    ), journal as (
      insert into steps (turn_id, gen, step, attempt, token, state, finished_at)
      select id, gen, ${composed}, ${attempt.attempt}, ${attempt.token}, 'done', clock_timestamp() from turn
      on conflict (turn_id, gen, step) do update
        set state = 'done', finished_at = clock_timestamp(), error = null where steps.state = 'pending'
    )
    select prompt, state from mine`.execute(db)
  // A statement of its own: it must see what the one above may have waited for.
  const standing = rows[0] ?? (await readPrompt(db, attempt, step))
  if (!standing) throw new FencedError('composeState')
  return standing
}
