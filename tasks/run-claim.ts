import { type Kysely, sql } from 'kysely'
import type { Database } from '../schema/database.ts'
import type { TaskRunState } from '../schema/task.ts'
import { effectOf, planOf } from './task-plan.ts'
import type { FoundTask, TaskAttempt, TaskClaim, TaskFire } from './task-ports.ts'
import { oneOf, TASK_COLUMNS, type TaskRow, toTask } from './task-rows.ts'

/** How long a run is its process's without a sign of life. The process renews it every third of this. */
const RUN_LEASE_MS = 30_000

export const LEASE = sql`clock_timestamp() + ${sql.lit(RUN_LEASE_MS)} * interval '1 millisecond'`

interface RunRow {
  readonly state: TaskRunState
  readonly try: number
  readonly run_id: string
  readonly attempt: number
  readonly lease_until: Date
  readonly is_alive: boolean
  readonly finished_at: Date | null
}

const DIED = 'Its process ended within it: it may have done its work, or a part of it.'

/** Before anything is loaded: whether there is something to do at this time at all. */
export async function findRun(db: Kysely<Database>, fire: TaskFire): Promise<FoundTask> {
  const task = await oneOf<TaskRow & { agent_at: Date }>(
    db,
    sql`select ${TASK_COLUMNS}, a.updated_at as agent_at
      from tasks t join agents a on a.id = t.agent_id and a.status = 'active'
      where t.id = ${fire.taskId} and t.agent_id = ${fire.agentId}`,
  )
  if (!task) return { kind: 'gone' }
  const run = await runAt(db, fire)
  if (run && isOver(run, task)) return { kind: 'ended', state: run.state }
  if (!run && (await hasLaterRun(db, fire, task))) return { kind: 'gone' }
  return { kind: 'open', task: toTask(task), agentVersion: task.agent_at.getTime() }
}

/** The right to begin the worker; the task's row keeps all claims of one task apart. */
export function claimRun(
  db: Kysely<Database>,
  fire: TaskFire,
  attempt: TaskAttempt,
): Promise<TaskClaim> {
  return db.transaction().execute(async (trx) => {
    const task = await oneOf<TaskRow>(
      trx,
      sql`select ${TASK_COLUMNS} from tasks t
        where t.id = ${fire.taskId} and t.agent_id = ${fire.agentId} for no key update`,
    )
    if (!task) return { kind: 'gone' }
    const run = await runAt(trx, fire)
    if (run && isOver(run, task)) return { kind: 'ended', state: run.state }
    if (!run && (await hasLaterRun(trx, fire, task))) return { kind: 'gone' }
    if (run?.state === 'running') {
      const isNext = run.run_id === attempt.runId && run.attempt < attempt.attempt
      if (!isNext && run.is_alive) return { kind: 'held' }
      if (effectOf(task) === 'once') return lost(trx, fire)
    }
    if (await isBusy(trx, fire)) return skipped(trx, fire, attempt, task)
    return begun(trx, fire, attempt, { task, tries: (run?.try ?? 0) + 1 })
  })
}

const runAt = (db: Kysely<Database>, { taskId, at }: TaskFire) =>
  oneOf<RunRow>(
    db,
    sql`select state, try, run_id, attempt, lease_until, finished_at,
        lease_until > clock_timestamp() as is_alive
      from task_runs where task_id = ${taskId} and scheduled_at = ${new Date(at)}`,
  )

/** A run of an older task that had the same id says nothing about this one. */
function isOver(run: RunRow, task: TaskRow): boolean {
  if (run.state === 'running' || run.state === 'again') return false
  if (run.finished_at !== null && run.finished_at < task.created_at) return false
  const isRepeat = planOf(toTask(task))?.kind === 'repeat'
  return run.state !== 'skipped' || isRepeat
}

/** A time that a repeating task has passed is not made up for: its claim may have been deleted as old. */
async function hasLaterRun(
  db: Kysely<Database>,
  { taskId, at }: TaskFire,
  task: TaskRow,
): Promise<boolean> {
  if (planOf(toTask(task))?.kind !== 'repeat') return false
  const found = await oneOf<object>(
    db,
    sql`select 1 from task_runs
      where task_id = ${taskId} and scheduled_at > ${new Date(at)} limit 1`,
  )
  return found !== undefined
}

/** Notes runs whose processes died, and says whether another time's run goes on. */
async function isBusy(db: Kysely<Database>, { taskId, at }: TaskFire): Promise<boolean> {
  const others = sql`task_id = ${taskId} and scheduled_at <> ${new Date(at)} and state = 'running'`
  await sql`
    update task_runs set state = 'unknown', error = ${DIED}, finished_at = clock_timestamp()
    where ${others} and lease_until <= clock_timestamp()`.execute(db)
  return (
    (await oneOf<object>(db, sql`select 1 from task_runs where ${others} limit 1`)) !== undefined
  )
}

async function lost(db: Kysely<Database>, { taskId, at }: TaskFire): Promise<TaskClaim> {
  await sql`
    update task_runs set state = 'unknown', error = ${DIED}, token = '',
      finished_at = clock_timestamp()
    where task_id = ${taskId} and scheduled_at = ${new Date(at)}`.execute(db)
  return { kind: 'ended', state: 'unknown' }
}

async function begun(
  db: Kysely<Database>,
  fire: TaskFire,
  attempt: TaskAttempt,
  { task, tries }: { task: TaskRow; tries: number },
): Promise<TaskClaim> {
  await putRun(db, fire, attempt, { name: task.name, tries })
  // As ElizaOS does before it repeats one. Not `updated_at`: nothing of Temporal's has to follow.
  await sql`
    update tasks set metadata = metadata || jsonb_build_object('updatedAt', ${Date.now()}::bigint)
    where id = ${task.id} and tags @> array['repeat']`.execute(db)
  return { kind: 'claimed', tries }
}

async function skipped(
  db: Kysely<Database>,
  fire: TaskFire,
  attempt: TaskAttempt,
  { name }: TaskRow,
): Promise<TaskClaim> {
  const error = 'An earlier run of the task still went on.'
  await putSkipped(db, fire, attempt, { name, error })
  return { kind: 'ended', state: 'skipped' }
}

const putRun = async (
  db: Kysely<Database>,
  { taskId, agentId, at }: TaskFire,
  { runId, attempt, token }: TaskAttempt,
  { name, tries }: { name: string; tries: number },
) =>
  sql`
    insert into task_runs (task_id, scheduled_at, agent_id, name, state, try, run_id, attempt, token,
      lease_until, started_at)
    values (${taskId}, ${new Date(at)}, ${agentId}, ${name}, 'running', ${tries}, ${runId},
      ${attempt}, ${token}, ${LEASE}, clock_timestamp())
    on conflict (task_id, scheduled_at) do update
      set state = 'running', error = null, finished_at = null, name = excluded.name,
        try = excluded.try, run_id = excluded.run_id, attempt = excluded.attempt,
        token = excluded.token, lease_until = excluded.lease_until,
        started_at = excluded.started_at`.execute(db)

/** Nothing of a run that was begun is written over. */
export const putSkipped = async (
  db: Kysely<Database>,
  { taskId, agentId, at }: TaskFire,
  { runId, attempt, token }: TaskAttempt,
  { name, error }: { name: string; error: string },
) =>
  sql`
    insert into task_runs (task_id, scheduled_at, agent_id, name, state, try, run_id, attempt, token,
      lease_until, error, started_at, finished_at)
    values (${taskId}, ${new Date(at)}, ${agentId}, ${name}, 'skipped', 0, ${runId}, ${attempt},
      ${token}, clock_timestamp(), ${error}, clock_timestamp(), clock_timestamp())
    on conflict (task_id, scheduled_at) do update
      set state = 'skipped', error = excluded.error, finished_at = excluded.finished_at
      where task_runs.state in ('again', 'skipped')`.execute(db)
