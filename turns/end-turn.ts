import { type RawBuilder, sql } from 'kysely'
import type { SettleInput } from '../agent/ports.ts'

/** When no step noted why: whoever was waited for never failed, and never answered. */
const LATE = 'The turn did not finish before its deadline.'

/**
 * The statement that ends a turn's row, once. A parked turn has no Workflow, and waits for its answer: it is
 * ended by a cancellation, or goes on. It returns the row, and in `speaks` whether the reply that
 * was given is said.
 */
export function endTurn({ turnId, gen, reply, ...input }: SettleInput): RawBuilder<unknown> {
  // A turn that was told to stop and finished all the same: its words count only if they are to be kept.
  const stops = sql`(cancel_requested_at is not null and not (stop_keeps and ${input.state} = 'replied'))`
  const speaks = sql`(case when cancel_requested_at is null then ${input.state} <> 'cancelled'
    else stop_keeps and ${input.state} in ('replied', 'cancelled') end)`
  const said = sql`${reply?.memoryId ?? null}::uuid`
  const isBad = sql`${input.state === 'failed' || input.state === 'timed_out'}::boolean`
  // One apology per turn: a later generation that fails as well points to the one that was said.
  const apology = sql`case when ${isBad} then apology_memory_id end`
  // A fork is nobody's message; an effect of which nobody knows is for an operator to look at.
  const isOpen = sql`(fork_of is null and (${isBad} and not ${stops} or has_unknown_effect))`
  return sql`
    update turns set settled_at = clock_timestamp(), touched_at = clock_timestamp(),
      state = case when ${stops} then coalesce(stop_state, 'cancelled') else ${input.state} end,
      code = case when not ${stops} then ${input.code}
        when stop_state = 'superseded' then 'superseded' else 'cancelled_by_user' end,
      reply_memory_id = case when ${speaks} then coalesce(${apology}, ${said}, reply_memory_id) end,
      apology_memory_id = case when ${isBad} and ${speaks} then coalesce(apology_memory_id, ${said})
        else apology_memory_id end,
      dead_letter = case when ${isOpen} then 'open' else dead_letter end,
      dead_letter_at = case when ${isOpen} then clock_timestamp()
        else dead_letter_at end,
      error = coalesce(${input.error}::text, case when ${input.code}::text is not null then (
        select error from steps where turn_id = ${turnId} and gen = ${gen} and error is not null
        order by started_at desc limit 1) end,
        case when ${input.code} = 'deadline_exceeded' then ${LATE} end)
    where id = ${turnId} and gen = ${gen} and state in ('queued', 'running')
    returning *, ${speaks} and (not ${isBad} or apology_memory_id = ${said}) as speaks`
}
