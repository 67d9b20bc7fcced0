import { type RawBuilder, sql } from 'kysely'

/** What a call used in the end. Null: not known, and what is held stays held: it may have been billed. */
export interface UsedUp {
  readonly tokens: number | null
  /** US dollars; counted in billionths, as reserved. */
  readonly money: number | null
}

/**
 * The part of a statement that puts what a call really used in place of what is held for it, in the
 * periods in which that was reserved. Reads the row in `held (agent_id, charges)`, which must be locked,
 * and results in `settled (charges)`. Run again it changes nothing: what is held is then what was used.
 * The call's row is locked before the counts, and those in the order of their key, as everywhere.
 */
export const settlement = ({ tokens, money }: UsedUp): RawBuilder<unknown> => sql`
  line as materialized (
    select h.agent_id, c.scope, c.scope_id, c.period, c.starts, c.unit, c.held,
      coalesce(case c.unit when 'tokens' then ${tokens}::numeric else round(${money}::numeric, 9) end, c.held) as used
    from held h, jsonb_to_recordset(h.charges) as c(
      scope text, scope_id uuid, period text, starts date, unit text, held numeric)
  ), locked as materialized (
    select line.* from budget_usage u join line on tenant = '' and u.agent_id = line.agent_id
      and u.scope = line.scope and u.scope_id = line.scope_id and u.period = line.period
      and u.starts = line.starts and u.unit = line.unit
    where line.used <> line.held
    order by u.scope, u.scope_id, u.period, u.starts, u.unit
    for no key update of u
  ), counted as (
    update budget_usage u set used = u.used + l.used - l.held from locked l
    where tenant = '' and u.agent_id = l.agent_id and u.scope = l.scope and u.scope_id = l.scope_id
      and u.period = l.period and u.starts = l.starts and u.unit = l.unit
  ), settled as (
    select jsonb_agg(jsonb_build_object('scope', scope, 'scope_id', scope_id, 'period', period,
      'starts', starts, 'unit', unit, 'held', used)) as charges from line
  )`
