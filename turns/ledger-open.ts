import { type Kysely, type RawBuilder, sql } from 'kysely'
import { FencedError } from '../agent/errors.ts'
import type { FailedModel, LedgerCall, OpenedCall, PaidAnswer } from '../agent/ledger.ts'
import type { FinishReason } from '../agent/models.ts'
import type { StepAttempt } from '../agent/ports.ts'
import { REJECTIONS } from '../agent/rejections.ts'
import type { Database } from '../schema/database.ts'
import { REFUSAL, type Reservation, reservation } from './budget-reserve.ts'
import { storableTokens } from './ledger-values.ts'

interface Question extends Pick<LedgerCall, 'step' | 'call' | 'purpose'> {
  readonly attempt: StepAttempt
}

interface PaidRow {
  response: string | null
  finish_reason: FinishReason | null
}

const ofQuestion = ({ attempt: { turnId }, step, call }: Omit<Question, 'purpose'>) =>
  sql`turn_id = ${turnId} and step = ${step} and call = ${call}`

/**
 * The answer that an attempt or generation got, unless an operator wanted new ones since. A step that
 * asks in another order than before gets no text for a picture.
 */
const finished = (question: Question) => sql`
  finished as (
    select response, finish_reason from model_calls
    where ${ofQuestion(question)} and purpose = ${question.purpose} and response is not null and error is null and gen <= ${question.attempt.gen}
      and gen >= (select ledger_from_gen from turns where id = ${question.attempt.turnId})
    order by gen desc, attempt desc, try desc limit 1
  )`

/** What earlier attempts and generations left: a paid answer, and what failed in this generation. */
export async function standingCall(
  db: Kysely<Database>,
  question: Question,
): Promise<{ readonly paid: PaidAnswer | undefined; readonly failed: readonly FailedModel[] }> {
  const { attempt, purpose } = question
  const { rows } = await sql<PaidRow & { failed: FailedModel[] | null }>`
    with ${finished(question)}, failed as (
      select vendor, model, count(*) as failures,
        coalesce(bool_or(error_code = any(${REJECTIONS}::text[])), false) as "isRejected"
      from model_calls
      where ${ofQuestion(question)} and gen = ${attempt.gen} and purpose = ${purpose} and error is not null
      group by vendor, model
    )
    select f.response, f.finish_reason, (select jsonb_agg(failed) from failed) as failed
    from (select 1) as one left join finished f on true`.execute(db)
  const [row] = rows
  return { paid: row && paidAnswer(row), failed: row?.failed ?? [] }
}

interface OpenedRow extends PaidRow, Reservation {
  mine: boolean
  opened: boolean
}

/** The counts of a budget are missing once; they can go on missing only while they are deleted. */
const MAX_ROUNDS = 3

/**
 * Writes the row before the vendor is called, and reserves its charge in the same statement: both or
 * neither. Pending rows of earlier attempts become `unknown`. An answer that an earlier attempt or
 * generation got is returned instead, unless an operator wanted new ones.
 * @throws {FencedError} the step's claim is no longer this attempt's, or the row is there already.
 */
export async function openCall(db: Kysely<Database>, call: LedgerCall): Promise<OpenedCall> {
  for (let round = 1; ; round += 1) {
    const row = await opening(db, call)
    if (!row?.mine) throw new FencedError(call.step)
    const paid = paidAnswer(row)
    if (paid) return paid
    if (row.opened) return { kind: 'open' }
    if (row.exhausted) return { kind: 'exhausted', budget: row.exhausted }
    if (!row.counts_missing || round === MAX_ROUNDS) throw new FencedError(call.step)
  }
}

async function opening(db: Kysely<Database>, call: LedgerCall): Promise<OpenedRow | undefined> {
  try {
    const { rows } = await openStatement(call).execute(db)
    return rows[0]
  } catch (error) {
    // Of two that open one row at the same moment one is undone whole, with its reservation.
    if (isDuplicate(error)) throw new FencedError(call.step)
    throw error
  }
}

const openStatement = (call: LedgerCall): RawBuilder<OpenedRow> => {
  const { agentId, attempt, budget } = call
  const inTurn = attempt && { ...call, attempt }
  return sql<OpenedRow>`
    with ${inTurn ? claimed(inTurn) : FREE}, may as (
      select from mine where not exists (select from finished) ${budget ? sql`and ${isNew(call)}` : sql``}
    ), ${budget ? sql`${reservation(agentId, budget)}, ` : sql``} opened as (
      insert into model_calls (id, agent_id, turn_id, gen, step, call, attempt, try, vendor, model, purpose, state,
        input_tokens, charges)
      select ${call.id}::uuid, ${agentId}::uuid, ${attempt?.turnId ?? null}::uuid, ${attempt?.gen ?? 1}::int,
        ${call.step}, ${call.call}::int, ${attempt?.attempt ?? 1}::int, ${call.try}::int, ${call.vendor},
        ${call.model}, ${call.purpose}, 'pending', ${storableTokens(call.inputTokens)}::int,
        ${budget ? sql`charges from charged` : sql`null::jsonb from may on conflict do nothing`}
      returning 1
    )
    select exists (select from mine) as mine, exists (select from opened) as opened, f.response, f.finish_reason,
      ${budget ? REFUSAL : NO_REFUSAL}
    from (select 1) as one left join finished f on true`
}

const claimed = (question: Question & { readonly try: number }) => {
  const { attempt, step, try: ordinal } = question
  const { turnId, gen, token } = attempt
  return sql`mine as (
      select from steps
      where turn_id = ${turnId} and gen = ${gen} and step = ${step} and token = ${token} and state = 'pending'
    ), older as (
      update model_calls set state = 'unknown', finished_at = clock_timestamp()
      where ${ofQuestion(question)} and state = 'pending'
        and (gen, attempt, try) < (${gen}::int, ${attempt.attempt}::int, ${ordinal}::int) and exists (select from mine)
      returning 1
    ), ${finished(question)}`
}

/** Outside of any turn there is no claim, and nothing to take up again. */
const FREE = sql`mine as (select), older as (select where false),
    finished as (select null as response, null as finish_reason where false)`

/**
 * Not opened before: what is reserved must find its row. And the older rows come first: whoever
 * completes one of them locks it before the counts, as this statement then does.
 */
const isNew = ({ id, attempt, step, call, try: ordinal }: LedgerCall) => sql`
  (select count(*) from older) >= 0 and not exists (
    select from model_calls where id = ${id} ${
      attempt
        ? sql`or (turn_id = ${attempt.turnId} and gen = ${attempt.gen} and step = ${step} and call = ${call}
            and attempt = ${attempt.attempt} and try = ${ordinal})`
        : sql``
    })`

const NO_REFUSAL = sql`false as counts_missing, null::jsonb as exhausted`

const paidAnswer = ({ response, finish_reason }: PaidRow): PaidAnswer | undefined =>
  response === null
    ? undefined
    : { kind: 'finished', text: response, finishReason: finish_reason ?? 'unknown' }

const UNIQUE_VIOLATION = '23505'
const isDuplicate = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === UNIQUE_VIOLATION
