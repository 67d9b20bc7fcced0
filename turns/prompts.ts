import { type Kysely, sql } from 'kysely'
import { FencedError } from '../agent/errors.ts'
import type { StepAttempt, StepCommit, StoredPrompt } from '../agent/ports.ts'
import type { Database } from '../schema/database.ts'
import type { TurnRef } from '../schema/turn.ts'
import { writeStep } from './writes.ts'

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

/**
 * The same with what the providers wrote, in one transaction and under the step's claim: it is written
 * once, or not at all.
 * @throws {FencedError} the claim is another attempt's, and no prompt stands.
 */
export async function writePromptWith(
  db: Kysely<Database>,
  attempt: StepAttempt,
  step: string,
  { prompt, writes }: { prompt: StoredPrompt; writes: StepCommit },
): Promise<StoredPrompt> {
  return db.transaction().execute(async (trx) => {
    const composed = step.replace('decide', 'composeState')
    if (!(await holdsClaim(trx, attempt, composed))) {
      const standing = await readPrompt(trx, attempt, step)
      if (!standing) throw new FencedError(composed)
      return standing
    }
    const { turn, outboxSource } = writes
    await writeStep(trx, { turn, step: composed, outboxSource }, writes)
    return writePrompt(trx, attempt, step, prompt)
  })
}

async function holdsClaim(
  trx: Kysely<Database>,
  { turnId, gen, token }: StepAttempt,
  step: string,
): Promise<boolean> {
  const { rows } = await sql`
    select 1 as held from steps
    where turn_id = ${turnId} and gen = ${gen} and step = ${step} and token = ${token} and state = 'pending'
    for update`.execute(trx)
  return rows.length > 0
}
