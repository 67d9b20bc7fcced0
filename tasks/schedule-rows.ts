import { randomUUID } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import type { Database } from '../schema/database.ts'
import type { NeededSchedule, ScheduleFindings, ScheduleRows } from './schedule-ports.ts'
import { planOf, type TaskPlan } from './task-plan.ts'
import { IS_QUEUED, oneOf, TASK_COLUMNS, type TaskRow, toTask } from './task-rows.ts'

/** `hashtext('turnkeeper.tasks')`, written out: one process at a time looks for what to do. */
const TASKS_LOCK = 1_203_117_946

/** Rows per kind and pass. */
const LIMIT = 200

/** A reconciler that has not noted its work by then is dead, or will find that it lost the row. */
const HOLD = sql`clock_timestamp() + interval '30 seconds'`

/** Tasks that run once and have not: an outage of their Workflow is noticed soon. */
const ONCE_CHECK = sql`clock_timestamp() - interval '1 minute'`

export const createScheduleRows = (db: Kysely<Database>): ScheduleRows => ({
  find: (checkedBefore) => db.transaction().execute((trx) => find(trx, checkedBefore)),
  made: (schedule, spec) => made(db, schedule, spec),
  removed: async ({ taskId, token }) =>
    void (await sql`delete from task_schedules where task_id = ${taskId} and token = ${token}`.execute(
      db,
    )),
  release: async ({ taskId, token }) =>
    void (await sql`update task_schedules set claimed_until = null
      where task_id = ${taskId} and token = ${token}`.execute(db)),
  cleanOldRuns: async () =>
    void (await sql`delete from task_runs r where r.finished_at < clock_timestamp() - interval '7 days'
      and not exists (select from tasks t where t.id = r.task_id)`.execute(db)),
})

interface FoundRow extends TaskRow {
  readonly spec: string | null
  readonly seen: string
  readonly has_run: boolean
  /** Milliseconds since the epoch. */
  readonly ended: number[]
}

async function find(
  trx: Kysely<Database>,
  checkedBefore: Date,
): Promise<ScheduleFindings | undefined> {
  const lock = await oneOf<{ held: boolean }>(
    trx,
    sql`select pg_try_advisory_xact_lock(${sql.lit(TASKS_LOCK)}) as held`,
  )
  if (!lock?.held) return undefined
  const token = randomUUID()
  const needed = (await findNeeded(trx, checkedBefore)).flatMap((row) => toNeeded(row, token))
  const abandoned = (await findAbandoned(trx)).map((row) => ({ ...row, token }))
  await hold(trx, token, { needed, abandoned })
  return { needed, abandoned, isFull: needed.length >= LIMIT || abandoned.length >= LIMIT }
}

async function findNeeded(db: Kysely<Database>, checkedBefore: Date): Promise<FoundRow[]> {
  const { rows } = await sql<FoundRow>`
    select ${TASK_COLUMNS}, t.updated_at::text as seen, s.spec,
      exists (select from task_runs r where r.task_id = t.id) as has_run,
      array(select (extract(epoch from r.scheduled_at) * 1000)::float8 from task_runs r
        where r.task_id = t.id and r.state in ('done', 'failed', 'unknown')
          and r.finished_at >= t.created_at) as ended
    from tasks t join agents a on a.id = t.agent_id and a.status = 'active'
      left join task_schedules s on s.task_id = t.id
    where ${IS_QUEUED} and (s.claimed_until is null or s.claimed_until < clock_timestamp())
      and (s.spec is null or s.seen is distinct from t.updated_at or s.checked_at < ${checkedBefore}
        or (s.spec like 'once:%' and s.checked_at < ${ONCE_CHECK}))
    limit ${sql.lit(LIMIT)}`.execute(db)
  return rows
}

async function findAbandoned(db: Kysely<Database>) {
  const { rows } = await sql<{ taskId: string; spec: string | null }>`
    select s.task_id as "taskId", s.spec from task_schedules s
    where (s.claimed_until is null or s.claimed_until < clock_timestamp())
      and not exists (select from tasks t join agents a on a.id = t.agent_id and a.status = 'active'
        where t.id = s.task_id and ${IS_QUEUED})
    limit ${sql.lit(LIMIT)}`.execute(db)
  return rows
}

function toNeeded(row: FoundRow, token: string): NeededSchedule[] {
  const plan = planOf(toTask(row))
  if (!plan) return []
  return [
    {
      ...{ taskId: row.id, agentId: row.agent_id, token, spec: row.spec, plan },
      seen: row.seen,
      hasRun: row.has_run,
      isOver: isOver(plan, row.ended),
    },
  ]
}

/** It ran at its time or later, by hand say. A time behind all of them is one that somebody set anew. */
const isOver = (plan: TaskPlan, ended: readonly number[]): boolean =>
  plan.kind === 'once' && ended.some((at) => Math.round(at) >= plan.at)

/** Before anything is made in Temporal: what nobody noted could not be deleted. */
async function hold(
  db: Kysely<Database>,
  token: string,
  { needed, abandoned }: Pick<ScheduleFindings, 'needed' | 'abandoned'>,
): Promise<void> {
  if (needed.length > 0) {
    await sql`
      insert into task_schedules (task_id, agent_id, claimed_until, token)
      select task_id, agent_id, ${HOLD}, ${token}
      from unnest(${needed.map(({ taskId }) => taskId)}::uuid[],
        ${needed.map(({ agentId }) => agentId)}::uuid[]) as n (task_id, agent_id)
      on conflict (task_id) do update
        set claimed_until = excluded.claimed_until, token = excluded.token`.execute(db)
  }
  if (abandoned.length > 0) {
    await sql`
      update task_schedules set claimed_until = ${HOLD}, token = ${token}
      where task_id = any(${abandoned.map(({ taskId }) => taskId)}::uuid[])`.execute(db)
  }
}

async function made(
  db: Kysely<Database>,
  { taskId, token, seen }: NeededSchedule,
  spec: string,
): Promise<void> {
  await sql`
    update task_schedules set spec = ${spec}, seen = ${seen}::timestamptz, checked_at = clock_timestamp(),
      claimed_until = null
    where task_id = ${taskId} and token = ${token}`.execute(db)
}
