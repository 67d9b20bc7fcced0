import { type Client, WorkflowNotFoundError } from '@temporalio/client'
import type pg from 'pg'
import type { TurnRef } from '../../schema/turn.ts'
import { turnWorkflowId } from '../../temporal/ids.ts'

type Query = Pick<pg.Pool, 'query'>

const OPEN = `('queued', 'running', 'waiting_approval')`

/** Of every room: what has not ended, by kind. Deliveries count as well. */
const UNDER_WAY = `
  select 'turn ' || state as what, count(*)::int as times from turns where state in ${OPEN} group by 1
  union all select 'outbox ' || state, count(*)::int from outbox where state in ('pending', 'sending') group by 1
  union all select 'step ' || s.step, count(*)::int from steps s
    join turns t on t.id = s.turn_id and t.gen = s.gen
    where s.state = 'pending' and s.token <> 'void' and not (s.step like 'evaluate:%' and s.error is not null)
    group by 1
  union all select 'lease', count(*)::int from deliveries where until > clock_timestamp() having count(*) > 0`

const WORKFLOWS = `
  select id as "turnId", gen from turns where started_at is not null order by settled_at desc`

/** What is still under way, in words; empty when all has ended. */
export async function underWay(db: Query): Promise<string> {
  const { rows } = await db.query<{ what: string; times: number }>(UNDER_WAY)
  return rows.map(({ what, times }) => `${times} × ${what}`).join(', ')
}

/** Turns whose Workflows still run: evaluators are repeated for a while, then they are given up. */
export async function runningWorkflows(db: Query, temporal: Client): Promise<string[]> {
  const { rows } = await db.query<{ turnId: string; gen: number }>(WORKFLOWS)
  const standing = await Promise.all(
    rows.map(async (turn) =>
      (await statusOf(temporal, turn)) === 'RUNNING' ? [`the Workflow of ${turn.turnId}`] : [],
    ),
  )
  return standing.flat()
}

/** A generation that ended in the queue was never started. */
async function statusOf(temporal: Client, turn: TurnRef): Promise<string | undefined> {
  try {
    return (await temporal.workflow.getHandle(turnWorkflowId(turn)).describe()).status.name
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined
    throw error
  }
}
