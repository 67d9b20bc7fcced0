import { type Kysely, type RawBuilder, sql } from 'kysely'
import { FencedError } from '../agent/errors.ts'
import type { Claim, ClaimOptions, StepAttempt } from '../agent/ports.ts'
import type { Database } from '../schema/database.ts'
import type { JsonObject } from '../schema/json.ts'
import { storableText } from '../schema/text.ts'
import type { TurnRef } from '../schema/turn.ts'

/** Takes the place of an attempt's token when nobody may finish the step any more. */
const VOID_TOKEN = 'void'

/** Stands for a token in the row of a step that failed before it was claimed. */
export const NOTED_TOKEN = 'noted'

/**
 * The right of one attempt to a step, taken before any effect. Order is the attempt number as
 * Temporal gave it, never arrival in the database: a late attempt 1 does not displace attempt 2.
 *
 * @throws {FencedError} a later attempt, another run or another generation holds the step.
 */
export async function claim(
  db: Kysely<Database>,
  attempt: StepAttempt,
  options: ClaimOptions,
): Promise<Claim> {
  if (await beginStep(db, attempt, options)) return { kind: 'claimed', isTakeover: false }
  // Statements of their own: each must see what the one before it may have waited for.
  if (await takeStep(db, attempt, options, 'noted')) return { kind: 'claimed', isTakeover: false }
  if (await takeStep(db, attempt, options, 'begun')) return { kind: 'claimed', isTakeover: true }
  const result = await journaled(db, attempt.turnId, attempt.gen, options.step)
  if (result) return { kind: 'done', result }
  throw new FencedError(options.step)
}

/** True for the attempt that claims the step first. */
async function beginStep(
  db: Kysely<Database>,
  attempt: StepAttempt,
  options: ClaimOptions,
): Promise<boolean> {
  const { rows } = await sql`
    insert into steps (turn_id, gen, step, attempt, token, state)
    select t.id, t.gen, ${options.step}, ${attempt.attempt}, ${attempt.token}, 'pending'
    from (${turnOf(attempt, options)}) as t
    on conflict do nothing
    returning 1 as claimed`.execute(db)
  return rows.length > 0
}

/** True when the step was begun, is not done, and an earlier attempt holds it. */
async function takeStep(
  db: Kysely<Database>,
  attempt: StepAttempt,
  options: ClaimOptions,
  standing: 'noted' | 'begun',
): Promise<boolean> {
  const { rows } = await sql`
    update steps s set attempt = ${attempt.attempt}, token = ${attempt.token}
    from (${turnOf(attempt, options)}) as t
    where s.turn_id = t.id and s.gen = t.gen and s.step = ${options.step} and s.state = 'pending'
      and (s.attempt < ${attempt.attempt} or s.token = ${attempt.token})
      and (s.token = ${NOTED_TOKEN}) = ${standing === 'noted'}::boolean
    returning 1 as claimed`.execute(db)
  return rows.length > 0
}

/** The turn, if this run may claim in it. Locked, so that it cannot end between the look and the claim. */
const turnOf = (attempt: StepAttempt, { beforeSettle }: ClaimOptions) => sql`
  select id, gen from turns
  where id = ${attempt.turnId} and gen = ${attempt.gen} and run_id = ${attempt.runId}
    and (state = 'running' or not ${beforeSettle}::boolean)
  for share`

/**
 * The statement that takes the steps under way from whoever works on them, because the turn has ended
 * or its next generation begins: a worker that wakes up late must not say anything any more. Needs a
 * lock of the turn's row that an earlier statement took, or it would miss a claim it waited for.
 */
export const voidClaims = ({ turnId, gen }: TurnRef): RawBuilder<unknown> => sql`
  update steps set token = ${VOID_TOKEN}
  where turn_id = ${turnId} and gen = ${gen} and state = 'pending' and token <> ${NOTED_TOKEN}`

/**
 * Journals the result of a claimed step.
 * @throws {FencedError} the claim was lost meanwhile; nothing was written.
 */
export async function finish(
  db: Kysely<Database>,
  attempt: StepAttempt,
  step: string,
  result: JsonObject,
): Promise<void> {
  const { rows } = await sql`
    update steps set state = 'done', result = ${JSON.stringify(result)}::jsonb, error = null,
      finished_at = clock_timestamp()
    where turn_id = ${attempt.turnId} and gen = ${attempt.gen} and step = ${step}
      and token = ${attempt.token} and state = 'pending'
    returning 1 as written`.execute(db)
  if (rows.length === 0) throw new FencedError(step)
}

/**
 * Notes why the attempt failed, for the trace; a local step gets its row by this. Changes nothing when
 * the step is done or a later attempt holds it.
 */
export async function noteFailure(
  db: Kysely<Database>,
  attempt: StepAttempt,
  step: string,
  error: string,
): Promise<void> {
  await sql`
    insert into steps (turn_id, gen, step, attempt, token, state, error)
    select t.id, t.gen, ${step}, ${attempt.attempt}, ${NOTED_TOKEN}, 'pending', ${storableText(error)}
    from turns t
    where t.id = ${attempt.turnId} and t.gen = ${attempt.gen} and t.run_id = ${attempt.runId}
    on conflict (turn_id, gen, step) do update set error = excluded.error
      where steps.state = 'pending' and steps.attempt <= excluded.attempt
        and steps.token <> ${VOID_TOKEN}`.execute(db)
}

/**
 * Journals a local step, whose whole effect is this row: the first commit wins, and every execution
 * returns what stands there.
 */
export async function journalOnce(
  db: Kysely<Database>,
  attempt: StepAttempt,
  step: string,
  result: JsonObject,
): Promise<JsonObject> {
  const { rows } = await sql<{ result: JsonObject | null }>`
    insert into steps (turn_id, gen, step, attempt, token, state, result, finished_at)
    select t.id, t.gen, ${step}, ${attempt.attempt}, ${attempt.token}, 'done',
      ${JSON.stringify(result)}::jsonb, clock_timestamp()
    from turns t
    where t.id = ${attempt.turnId} and t.gen = ${attempt.gen} and t.run_id = ${attempt.runId}
      and t.state = 'running'
    on conflict (turn_id, gen, step) do update
      set state = 'done', result = excluded.result, finished_at = excluded.finished_at, error = null,
        attempt = excluded.attempt, token = excluded.token
      where steps.state = 'pending'
    returning result`.execute(db)
  if (rows[0]) return rows[0].result ?? {}
  // A statement of its own: it must see what the one above may have waited for.
  const standing = await journaled(db, attempt.turnId, attempt.gen, step)
  if (!standing) throw new FencedError(step)
  return standing
}

/** Whether an attempt of this generation has begun a step. One that failed before its claim has not. */
export async function standingOf(
  db: Kysely<Database>,
  { turnId, gen }: TurnRef,
  step: string,
): Promise<'none' | 'begun' | 'done'> {
  const row = await db
    .selectFrom('steps')
    .select(['state', 'token'])
    .where('turn_id', '=', turnId)
    .where('gen', '=', gen)
    .where('step', '=', step)
    .executeTakeFirst()
  if (!row || (row.state === 'pending' && row.token === NOTED_TOKEN)) return 'none'
  return row.state === 'done' ? 'done' : 'begun'
}

/** What a finished step journaled; undefined when it has not finished. */
export async function journaled(
  db: Kysely<Database>,
  turnId: string,
  gen: number,
  step: string,
): Promise<JsonObject | undefined> {
  const row = await db
    .selectFrom('steps')
    .select('result')
    .where('turn_id', '=', turnId)
    .where('gen', '=', gen)
    .where('step', '=', step)
    .where('state', '=', 'done')
    .executeTakeFirst()
  return row && (row.result ?? {})
}
