import { type Kysely, sql } from 'kysely'
import type { TaskRecord } from '../agent/records.ts'
import type { Database } from '../schema/database.ts'
import { isUuid } from '../schema/ids.ts'
import type { TaskRunState } from '../schema/task.ts'
import { planOf, type TaskPlan } from './task-plan.ts'
import { TASK_COLUMNS, type TaskRow, toTask } from './task-rows.ts'

/** A run as it stands. Times in milliseconds since the epoch. */
export interface TaskRun {
  readonly scheduledAt: number
  readonly state: TaskRunState
  readonly tries: number
  readonly error: string | null
  readonly startedAt: number
  readonly finishedAt: number | null
}

export interface ListedTask {
  readonly task: TaskRecord
  /** Undefined: it does not run by itself. */
  readonly plan: TaskPlan | undefined
  /** The newest first. */
  readonly runs: readonly TaskRun[]
}

/** More nobody reads. */
const MOST_TASKS = 500

/** An agent's tasks, the oldest first, each with its newest run. */
export async function listTasks(db: Kysely<Database>, agentId: string): Promise<ListedTask[]> {
  return found(db, sql`t.agent_id = ${agentId}`, 1)
}

/** With all of its runs that are kept. */
export async function findTask(
  db: Kysely<Database>,
  agentId: string,
  taskId: string,
): Promise<ListedTask | undefined> {
  if (!isUuid(taskId)) return undefined
  return (await found(db, sql`t.agent_id = ${agentId} and t.id = ${taskId}`, 50))[0]
}

interface RunJson {
  readonly scheduled_at: number
  readonly state: TaskRunState
  readonly try: number
  readonly error: string | null
  readonly started_at: number
  readonly finished_at: number | null
}

async function found(
  db: Kysely<Database>,
  which: ReturnType<typeof sql>,
  runs: number,
): Promise<ListedTask[]> {
  const { rows } = await sql<TaskRow & { runs: RunJson[] }>`
    select ${TASK_COLUMNS}, coalesce((
        select json_agg(r) from (
          select state, try, error, ${ms('scheduled_at')}, ${ms('started_at')}, ${ms('finished_at')}
          from task_runs where task_id = t.id order by task_runs.scheduled_at desc
          limit ${sql.lit(runs)}) r), '[]') as runs
    from tasks t where ${which} order by t.created_at, t.id limit ${sql.lit(MOST_TASKS)}`.execute(
    db,
  )
  return rows.map((row) => {
    const task = toTask(row)
    return { task, plan: planOf(task), runs: row.runs.map(toRun) }
  })
}

const ms = (column: string) =>
  sql`(extract(epoch from ${sql.ref(column)}) * 1000)::float8 as ${sql.ref(column)}`

const toRun = (row: RunJson): TaskRun => ({
  scheduledAt: Math.round(row.scheduled_at),
  state: row.state,
  tries: row.try,
  error: row.error,
  startedAt: Math.round(row.started_at),
  finishedAt: row.finished_at === null ? null : Math.round(row.finished_at),
})
