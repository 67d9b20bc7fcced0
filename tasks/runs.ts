import { type Kysely, sql } from 'kysely'
import { FencedError } from '../agent/errors.ts'
import type { RecordWrite } from '../agent/records.ts'
import type { Database } from '../schema/database.ts'
import { claimRun, findRun, LEASE, putSkipped } from './run-claim.ts'
import type { TaskAttempt, TaskEnd, TaskFire, TaskRuns } from './task-ports.ts'
import { oneOf } from './task-rows.ts'

/** Runs that are kept of a task, for `task show`. */
const KEPT_RUNS = 50

/** Commits a worker's writes within the given transaction. */
export type ApplyWrites = (
  trx: Kysely<Database>,
  agentId: string,
  writes: readonly RecordWrite[],
) => Promise<void>

export const createTaskRuns = (db: Kysely<Database>, applyWrites: ApplyWrites): TaskRuns => ({
  find: (fire) => findRun(db, fire),
  claim: (fire, attempt) => claimRun(db, fire, attempt),
  renew: (fire, attempt) => renew(db, fire, attempt),
  finish: (fire, attempt, end) =>
    db.transaction().execute((trx) => finish(trx, fire, attempt, { ...end, applyWrites })),
  skip: (fire, attempt, reason) => skip(db, fire, attempt, reason),
})

const mine = ({ taskId, at }: TaskFire, { token }: TaskAttempt) => sql`
  task_id = ${taskId} and scheduled_at = ${new Date(at)} and token = ${token} and state = 'running'`

async function renew(db: Kysely<Database>, fire: TaskFire, attempt: TaskAttempt): Promise<boolean> {
  const renewed = await oneOf<object>(
    db,
    sql`update task_runs set lease_until = ${LEASE} where ${mine(fire, attempt)} returning 1`,
  )
  return renewed !== undefined
}

/** The task's row first, as `claim` locks it. */
async function finish(
  trx: Kysely<Database>,
  fire: TaskFire,
  attempt: TaskAttempt,
  { state, error, writes, afterMs = 0, applyWrites }: TaskEnd & { applyWrites: ApplyWrites },
): Promise<void> {
  const { taskId, agentId } = fire
  const task = await oneOf<{ is_repeat: boolean }>(
    trx,
    sql`select tags @> array['repeat'] as is_repeat from tasks
      where id = ${taskId} and agent_id = ${agentId} for no key update`,
  )
  const ended = await oneOf<object>(
    trx,
    sql`update task_runs set state = ${state}, error = ${error}, finished_at = clock_timestamp(),
        lease_until = clock_timestamp() + ${afterMs}::float8 * interval '1 millisecond'
      where ${mine(fire, attempt)} returning 1`,
  )
  if (!ended) throw new FencedError(`task ${taskId}`)
  await applyWrites(trx, agentId, writes)
  if (state === 'done' && task?.is_repeat === false) {
    await sql`delete from tasks where id = ${taskId} and agent_id = ${agentId}`.execute(trx)
  }
  await deleteOld(trx, taskId)
}

async function skip(
  db: Kysely<Database>,
  fire: TaskFire,
  attempt: TaskAttempt,
  error: string,
): Promise<void> {
  const { taskId } = fire
  const task = await oneOf<{ name: string }>(db, sql`select name from tasks where id = ${taskId}`)
  if (!task) return
  await putSkipped(db, fire, attempt, { name: task.name, error })
  await deleteOld(db, taskId)
}

async function deleteOld(db: Kysely<Database>, taskId: string): Promise<void> {
  await sql`
    delete from task_runs where task_id = ${taskId} and scheduled_at < (
      select scheduled_at from task_runs where task_id = ${taskId}
      order by scheduled_at desc offset ${KEPT_RUNS - 1} limit 1)`.execute(db)
}
