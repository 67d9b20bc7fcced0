import { randomUUID } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import type { Database } from '../../schema/database.ts'
import { json } from '../../schema/sql-json.ts'
import type { TaskAttempt, TaskFire } from '../../tasks/task-ports.ts'

export interface TestTask {
  readonly id?: string
  readonly name?: string
  readonly tags?: readonly string[]
  readonly metadata?: object
}

/** An active agent of its own. @returns its id */
export async function createAgent(db: Kysely<Database>): Promise<string> {
  const id = randomUUID()
  await sql`insert into agents (id, name, character, status)
    values (${id}, 'Ada', '{"name":"Ada"}'::jsonb, 'active')`.execute(db)
  return id
}

/** @returns the task's id */
export async function createTask(
  db: Kysely<Database>,
  agentId: string,
  { id = randomUUID(), name = 'WATER', tags = ['queue'], metadata = {} }: TestTask = {},
): Promise<string> {
  await sql`insert into tasks (id, agent_id, name, description, tags, metadata)
    values (${id}, ${agentId}, ${name}, '', ${[...tags]}::text[], ${json(metadata)}::jsonb)`.execute(
    db,
  )
  return id
}

export const fireOf = (agentId: string, taskId: string, at = 1_000_000): TaskFire => ({
  agentId,
  taskId,
  at,
})

/** Of a Workflow of its own, unless one is named. */
export function attemptOf(attempt = 1, runId: string = randomUUID()): TaskAttempt {
  return { runId, attempt, token: `${runId}/${attempt}` }
}

export async function runsOf(db: Kysely<Database>, taskId: string) {
  return db
    .selectFrom('task_runs')
    .selectAll()
    .where('task_id', '=', taskId)
    .orderBy('scheduled_at')
    .execute()
}

/** The process that holds the task's runs has been silent for too long. */
export async function loseLease(db: Kysely<Database>, taskId: string): Promise<void> {
  await sql`update task_runs set lease_until = clock_timestamp() - interval '1 second'
    where task_id = ${taskId}`.execute(db)
}
