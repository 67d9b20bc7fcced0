import { type Kysely, type RawBuilder, sql } from 'kysely'
import { FencedError } from '../agent/errors.ts'
import type { FinishReason, ModelResult } from '../agent/models.ts'
import type { CallEnd, CallTimes, LedgerCall, OpenedCall } from '../agent/ports.ts'
import type { Database } from '../schema/database.ts'
import type { TurnRef } from '../schema/turn.ts'

interface OpenedRow {
  mine: boolean
  opened: boolean
  response: string | null
  finish_reason: FinishReason | null
  failures: number
}

/**
 * Writes the row before the vendor is called. Pending rows of earlier attempts become `unknown`. An
 * answer that an earlier attempt or generation got is returned instead, unless an operator wanted new ones.
 * @throws {FencedError} the step's claim is no longer this attempt's.
 */
export async function openCall(db: Kysely<Database>, call: LedgerCall): Promise<OpenedCall> {
  const { turnId, gen, attempt, token } = call.attempt
  const ofCall = sql`turn_id = ${turnId} and step = ${call.step} and call = ${call.call}`
  const { rows } = await sql<OpenedRow>`
    with mine as (
      select from steps
      where turn_id = ${turnId} and gen = ${gen} and step = ${call.step} and token = ${token} and state = 'pending'
    ), older as (
      update model_calls set state = 'unknown', finished_at = clock_timestamp()
      where ${ofCall} and state = 'pending' and (gen, attempt) < (${gen}::int, ${attempt}::int)
        and exists (select from mine)
    ), finished as (
      select response, finish_reason from model_calls
      where ${ofCall} and response is not null and error is null and gen <= ${gen}
        and gen >= (select ledger_from_gen from turns where id = ${turnId})
      order by gen desc, attempt desc limit 1
    ), opened as (
      insert into model_calls (turn_id, gen, step, call, attempt, vendor, model, purpose, state, input_tokens)
      select ${turnId}::uuid, ${gen}::int, ${call.step}, ${call.call}::int, ${attempt}::int, ${call.vendor}, ${call.model},
        ${call.purpose}, 'pending', ${call.inputTokens}::int
      where not exists (select from finished) and exists (select from mine)
      on conflict do nothing
      returning 1
    )
    select exists (select from mine) as mine, exists (select from opened) as opened, f.response, f.finish_reason,
      (select count(*)::int from model_calls
        where turn_id = ${turnId} and gen = ${gen} and step = ${call.step} and error is not null) as failures
    from (select 1) as one left join finished f on true`.execute(db)
  const row = rows[0]
  if (!row?.mine) throw new FencedError(call.step)
  if (row.response !== null) {
    return { kind: 'finished', text: row.response, finishReason: row.finish_reason ?? 'unknown' }
  }
  if (!row.opened) throw new FencedError(call.step)
  return { kind: 'open', failures: row.failures }
}

const whereCall = (call: LedgerCall) => sql`
  turn_id = ${call.attempt.turnId} and gen = ${call.attempt.gen} and step = ${call.step}
  and call = ${call.call} and attempt = ${call.attempt.attempt}`

/**
 * Records an answer. Not fenced: a call whose attempt was displaced was billed all the same, and a
 * late answer overwrites `unknown`. Without usage the row stays `unknown`, with an estimate.
 */
export async function completeCall(
  db: Kysely<Database>,
  call: LedgerCall,
  result: ModelResult,
  times: CallTimes,
): Promise<void> {
  const usage = result.usage
  await sql`
    update model_calls set state = ${usage ? 'complete' : 'unknown'}, response = ${result.text},
      input_tokens = coalesce(${usage?.inputTokens ?? null}::int, input_tokens),
      output_tokens = ${usage?.outputTokens ?? estimateTokens(result.text)}::int,
      cached_tokens = ${usage?.cachedTokens ?? null}::int, cost = ${result.cost}::numeric,
      finish_reason = ${result.finishReason}, first_token_ms = ${times.firstTokenMs}::int,
      latency_ms = ${times.latencyMs}::int, finished_at = clock_timestamp()
    where ${whereCall(call)}`.execute(db)
}

/** Records a call that was aborted by us (`cut`) or failed (`unknown`), with what had arrived. */
export async function endCall(db: Kysely<Database>, call: LedgerCall, end: CallEnd): Promise<void> {
  await sql`
    update model_calls set state = ${end.state}, output_tokens = ${estimateTokens(end.partial)}::int,
      error = ${end.error}, first_token_ms = ${end.firstTokenMs}::int, latency_ms = ${end.latencyMs}::int,
      finished_at = clock_timestamp()
    where ${whereCall(call)} and state in ('pending', 'unknown')`.execute(db)
}

/**
 * The statement that closes the calls of steps whose claims are void: nobody waits for an answer any
 * more. A late answer, or a late abort, overwrites it as ever.
 */
export const abandonCalls = ({ turnId, gen }: TurnRef): RawBuilder<unknown> => sql`
  update model_calls set state = 'unknown', finished_at = clock_timestamp()
  where turn_id = ${turnId} and gen <= ${gen} and state = 'pending'`

/**
 * Closes the calls of evaluators that died with their worker, and were not made again: the turn had
 * ended for longer than an evaluator may take.
 */
export async function closeForgottenCalls(db: Kysely<Database>): Promise<void> {
  await sql`
    update model_calls c set state = 'unknown', finished_at = clock_timestamp() from turns t
    where c.state = 'pending' and c.created_at < clock_timestamp() - interval '10 minutes'
      and t.id = c.turn_id and t.settled_at < clock_timestamp() - interval '10 minutes'`.execute(db)
}

/** About four characters a token in English; the vendor's own count replaces it where there is one. */
export const estimateTokens = (text: string): number => Math.ceil(text.length / 4)
