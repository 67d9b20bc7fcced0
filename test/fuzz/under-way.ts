import type pg from 'pg'

const OPEN = `('queued', 'running', 'waiting_approval')`

/** Of every room: what has not ended, by kind. Evaluators and deliveries count as well. */
const UNDER_WAY = `
  select 'turn ' || state as what, count(*)::int as times from turns where state in ${OPEN} group by 1
  union all select 'outbox ' || state, count(*)::int from outbox where state in ('pending', 'sending') group by 1
  union all select 'step ' || s.step, count(*)::int from steps s
    join turns t on t.id = s.turn_id and t.gen = s.gen
    where s.state = 'pending' and s.token <> 'void' group by 1
  union all select 'lease', count(*)::int from deliveries where until > clock_timestamp() having count(*) > 0
  union all select 'model call', count(*)::int from model_calls where state = 'pending' having count(*) > 0`

/** What is still under way, in words; empty when all has ended. */
export async function underWay(db: Pick<pg.Pool, 'query'>): Promise<string> {
  const { rows } = await db.query<{ what: string; times: number }>(UNDER_WAY)
  return rows.map(({ what, times }) => `${times} × ${what}`).join(', ')
}
