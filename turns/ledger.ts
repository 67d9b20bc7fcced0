import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { CallAnswer, CallEnd, LedgerCall } from '../agent/ledger.ts'
import { hasUncountedAnswer } from '../agent/models.ts'
import type { Database } from '../schema/database.ts'
import type { TurnRef } from '../schema/turn.ts'
import { settlement, type UsedUp } from './budget-settle.ts'
import { storableAnswer, storableEnd, storableTokens } from './ledger-values.ts'

type EndedCall = Pick<LedgerCall, 'id' | 'purpose' | 'inputTokens' | 'budget'>

/**
 * Records an answer. Not fenced: a call whose attempt was displaced was billed all the same, and a
 * late answer overwrites `unknown`. Without usage the row stays `unknown`, with an estimate, and
 * budgets go on holding everything.
 */
export async function completeCall(
  db: Kysely<Database>,
  call: EndedCall,
  given: CallAnswer,
): Promise<void> {
  const answer = storableAnswer(given)
  const { usage } = answer
  const values = sql`state = ${usage ? 'complete' : 'unknown'}, response = ${answer.text},
    input_tokens = coalesce(${usage?.inputTokens ?? null}::int, input_tokens),
    output_tokens = ${usage?.outputTokens ?? answer.estimatedOutputTokens}::int,
    cached_tokens = ${usage?.cachedTokens ?? null}::int,
    cache_write_tokens = ${usage?.cacheWriteTokens ?? null}::int, cost = ${answer.cost}::numeric,
    finish_reason = ${answer.finishReason}, error = null, error_code = null,
    first_token_ms = ${answer.firstTokenMs}::int, latency_ms = ${answer.latencyMs}::int,
    finished_at = clock_timestamp()`
  const used = usage && { tokens: usage.inputTokens + usage.outputTokens, money: answer.cost }
  await ended(call, values, used ?? NOT_KNOWN).execute(db)
}

/**
 * Records a call that was aborted by us (`cut`) or failed (`unknown`), with what had arrived. It takes
 * back no answer.
 */
export async function endCall(
  db: Kysely<Database>,
  call: EndedCall,
  given: CallEnd,
): Promise<void> {
  const end = storableEnd(given)
  const values = sql`state = ${end.state}, output_tokens = ${end.estimatedOutputTokens}::int,
    cost = ${end.cost}::numeric, error = ${end.error}, error_code = ${end.errorCode},
    first_token_ms = ${end.firstTokenMs}::int, latency_ms = ${end.latencyMs}::int,
    finished_at = clock_timestamp()`
  const isOpen = sql`and state in ('pending', 'unknown') and finish_reason is null`
  await ended(call, values, usedBy(call, end), isOpen).execute(db)
}

const NOT_KNOWN: UsedUp = { tokens: null, money: null }
const NOTHING: UsedUp = { tokens: 0, money: 0 }

/** A call that failed in silence may be billed up to its cap, whatever arrived here: as pictures do. */
function usedBy({ purpose, inputTokens }: EndedCall, end: ReturnType<typeof storableEnd>): UsedUp {
  if (end.wasRefused) return NOTHING
  if (end.state === 'unknown' || hasUncountedAnswer(purpose)) return NOT_KNOWN
  return { tokens: storableTokens(inputTokens) + end.estimatedOutputTokens, money: end.cost }
}

/** Without a budget one row is written, and no other is read or locked. */
const ended = (
  { id, budget }: EndedCall,
  values: RawBuilder<unknown>,
  used: UsedUp,
  condition: RawBuilder<unknown> = sql``,
): RawBuilder<unknown> =>
  budget
    ? sql`
      with held as materialized (
        select agent_id, charges from model_calls where id = ${id} ${condition} for no key update
      ), ${settlement(used)}
      update model_calls set ${values}, charges = settled.charges from settled where id = ${id} ${condition}`
    : sql`update model_calls set ${values} where id = ${id} ${condition}`

/**
 * The statement that closes the calls of steps whose claims are void: nobody waits for an answer any
 * more. A late answer, or a late abort, overwrites it as ever; until then budgets hold everything.
 */
export const abandonCalls = ({ turnId, gen }: TurnRef): RawBuilder<unknown> => sql`
  update model_calls set state = 'unknown', finished_at = clock_timestamp()
  where turn_id = ${turnId} and gen <= ${gen} and state = 'pending'`

/**
 * Closes the calls of evaluators, and of nobody's turn, that died with their process, and were not
 * made again: the turn had ended for longer than an evaluator may take.
 */
export async function closeForgottenCalls(db: Kysely<Database>): Promise<void> {
  await sql`
    update model_calls c set state = 'unknown', finished_at = clock_timestamp()
    where c.state = 'pending' and c.created_at < clock_timestamp() - interval '10 minutes'
      and (c.turn_id is null or exists (select from turns t
        where t.id = c.turn_id and t.settled_at < clock_timestamp() - interval '10 minutes'))`.execute(
    db,
  )
}
