import { setTimeout as delay } from 'node:timers/promises'
import { turnWorkflowId } from '../../temporal/ids.ts'
import type { House } from './house.ts'

const LOOK_MS = 100

/** What is still under way in a room, in words; empty when all has ended. */
async function underWay({ db, site }: House, roomId: string, messages: number): Promise<string> {
  const { rows } = await db.query<{ what: string }>(UNDER_WAY, [roomId, messages])
  if (rows.length > 0) return rows.map(({ what }) => what).join(', ')
  const turns = await db.query<{ id: string; gen: number }>(
    'select id, gen from turns where room_id = $1 and started_at is not null',
    [roomId],
  )
  const standing = await Promise.all(
    turns.rows.map(async ({ id, gen }) => {
      const workflowId = turnWorkflowId({ turnId: id, gen })
      const { status } = await site.temporal.workflow.getHandle(workflowId).describe()
      return status.name === 'RUNNING' ? [`the Workflow of ${id}`] : []
    }),
  )
  return standing.flat().join(', ')
}

const OPEN = `('queued', 'running', 'waiting_approval')`

const UNDER_WAY = `
  with mine as (select id, gen, state from turns where room_id = $1)
  select 'a message is missing' as what where (select count(*) from mine) < $2
  union all select 'turn ' || state from mine where state in ${OPEN}
  union all select 'outbox ' || state from outbox where room_id = $1 and state in ('pending', 'sending')
  union all select 'step ' || s.step from steps s join mine t on t.id = s.turn_id and t.gen = s.gen
    where s.state = 'pending' and s.token <> 'void'
  union all select 'evaluator' from mine where not exists (select from steps s
    where s.turn_id = mine.id and s.step = 'evaluate:REMEMBER' and s.state = 'done')
  union all select 'task ' || name from tasks k where room_id = $1::text and not exists (select from task_runs r
    where r.task_id = k.id and r.state in ('done', 'unknown', 'failed'))
  union all select 'run of a task' from task_runs r join tasks k on k.id = r.task_id
    where k.room_id = $1::text and r.state in ('running', 'again')
  union all select 'lease' from deliveries where room_id = $1 and until > clock_timestamp()`

/** Waits until nothing is under way any more. @returns what still was when the time was over. */
export async function untilQuiet(
  house: House,
  roomId: string,
  { messages, limitMs }: { messages: number; limitMs: number },
): Promise<string> {
  const deadline = Date.now() + limitMs
  for (;;) {
    const left = await underWay(house, roomId, messages)
    if (left === '' || Date.now() > deadline) return left
    await delay(LOOK_MS)
  }
}
