import type { Generated } from 'kysely'
import type { TaskRunState } from './task.ts'

/** What Temporal was told about a task. It outlives the task, so that the Schedule is deleted too. */
export interface TaskSchedulesTable {
  task_id: string
  agent_id: string
  /** `every:<seconds>` or `once:<milliseconds since the epoch>`; null before anything was made. */
  spec: string | null
  /** `updated_at` of the task that `spec` was made from. */
  seen: Date | null
  /** When it was last compared with Temporal. */
  checked_at: Date | null
  /** Until when one reconciler works on it, and by which token. */
  claimed_until: Date | null
  token: string | null
}

/** One run of a task: who claimed a time, and what became of it. */
export interface TaskRunsTable {
  task_id: string
  /** The time for which it runs; with the task the key, so a time runs once. */
  scheduled_at: Date
  agent_id: string
  name: string
  state: TaskRunState
  /** How often the worker was begun, from 1. */
  try: Generated<number>
  /** Temporal's run id, attempt and token of the claim that holds the row. */
  run_id: string
  attempt: number
  token: string
  /** While it runs: extended by its process, which is dead when this has passed. */
  lease_until: Date
  /** Why it failed or was skipped, in words. Never enters Temporal. */
  error: string | null
  started_at: Date
  finished_at: Date | null
}

/** Which process holds the sockets of an agent's services. */
export interface GatewaysTable {
  agent_id: string
  holder: string
  /** Extended by the holder; another may take it over once this has passed. */
  until: Date
}

/** Memories whose embedding was asked for and is not there yet. */
export interface EmbeddingJobsTable {
  memory_id: string
  agent_id: string
  /** 0: high, 1: normal, 2: low. */
  priority: number
  /** Tries that failed. */
  failures: Generated<number>
  error: string | null
  /** When it may be tried, or when a claim of it ends. */
  ready_at: Generated<Date>
  token: string | null
  /** Given up: nobody tries it any more. */
  failed_at: Date | null
  created_at: Generated<Date>
}

/** Part of `Database`. */
export interface TaskTables {
  task_schedules: TaskSchedulesTable
  task_runs: TaskRunsTable
  gateways: GatewaysTable
  embedding_jobs: EmbeddingJobsTable
}
