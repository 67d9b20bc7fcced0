import { type RawBuilder, sql } from 'kysely'
import type { BudgetCharge, ExhaustedBudget } from '../agent/budgets.ts'

/** What a statement with `reservation` reads of it. */
export interface Reservation {
  /** A count was not there yet. It is now: the statement must be sent once more. */
  counts_missing: boolean
  exhausted: ExhaustedBudget | null
}

/**
 * The part of a statement that reserves a charge, on all of its counts or on none, if there are rows in
 * `may`. Its result is `charged (charges)`: one row when everything fits, else none.
 *
 * Counts are locked in the order of their key, so that no two calls wait for each other; `for update`
 * gives what stands there after the wait, whatever the statement's snapshot says. A count that the
 * snapshot does not have cannot be locked by it: such a statement makes the counts, holding no other
 * lock, and reserves nothing. That happens once per scope and period.
 */
export const reservation = (agentId: string, { lines }: BudgetCharge): RawBuilder<unknown> => sql`
  line as materialized (
    select l.*, date_trunc(l.period, statement_timestamp() at time zone 'utc')::date as starts
    from may, jsonb_to_recordset(${JSON.stringify(lines)}::jsonb) as l(
      scope text, "scopeId" uuid, period text, unit text, "limit" numeric, amount numeric, "atLimit" text)
  ), missing as materialized (
    select * from line where not exists (
      select from budget_usage u where tenant = '' and agent_id = ${agentId}::uuid and u.scope = line.scope
        and u.scope_id = line."scopeId" and u.period = line.period and u.starts = line.starts and u.unit = line.unit)
  ), made as (
    insert into budget_usage (agent_id, scope, scope_id, period, starts, unit, used)
    select ${agentId}::uuid, scope, "scopeId", period, starts, unit, 0 from missing
    order by scope, "scopeId", period, starts, unit
    on conflict do nothing
  ), locked as materialized (
    select line.*, u.used from budget_usage u join line on tenant = '' and u.agent_id = ${agentId}::uuid
      and u.scope = line.scope and u.scope_id = line."scopeId" and u.period = line.period
      and u.starts = line.starts and u.unit = line.unit
    where not exists (select from missing)
    order by u.scope, u.scope_id, u.period, u.starts, u.unit
    for no key update of u
  ), fitting as materialized (
    select * from locked where not exists (select from locked where used + amount > "limit")
  ), reserved as (
    update budget_usage u set used = u.used + f.amount from fitting f
    where tenant = '' and u.agent_id = ${agentId}::uuid and u.scope = f.scope and u.scope_id = f."scopeId"
      and u.period = f.period and u.starts = f.starts and u.unit = f.unit
    returning u.scope, u.scope_id, u.period, u.starts, u.unit, f.amount as held
  ), charged as (
    select jsonb_agg(r) as charges from reserved r
    having count(*) > 0 and count(*) = (select count(*) from line)
  )`

/** Columns of `Reservation`. Of several budgets that are exhausted the one that wants most. */
export const REFUSAL: RawBuilder<Reservation> = sql`
  exists (select from missing) as counts_missing,
  (select to_jsonb(l) - 'starts' from locked l where used + amount > "limit"
    order by array_position(array['stop', 'apology', 'smaller'], "atLimit"), scope, period, unit limit 1) as exhausted`
