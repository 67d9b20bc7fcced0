import { randomUUID } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import type { Database } from '../schema/database.ts'

const EMBEDDING_PRIORITIES = ['high', 'normal', 'low'] as const
export type EmbeddingPriority = (typeof EMBEDDING_PRIORITIES)[number]

/** What waits for an agent, by priority. */
export type WaitingEmbeddings = Readonly<Record<EmbeddingPriority, number>>

/** A claimed job; whoever does not end it within a minute loses it. */
export interface EmbeddingJob {
  readonly memoryId: string
  readonly token: string
  readonly failures: number
  /** Undefined while the memory is not committed yet, or when it is gone. */
  readonly text: string | undefined
  /** It waits for its memory since so long that this will not come any more. */
  readonly isStale: boolean
}

/** Texts per call of a model. */
const BATCH = 20

const CLAIM = sql`clock_timestamp() + interval '1 minute'`

/** Embeddings that were asked for, in Postgres: they outlive the process. */
export interface EmbeddingJobs {
  /** Asked twice is asked once; what was given up is tried again. */
  put(agentId: string, memoryId: string, priority: EmbeddingPriority): Promise<WaitingEmbeddings>
  clear(agentId: string): Promise<void>
  /** Jobs of one agent, the most urgent first. Undefined when nothing waits. */
  claim(): Promise<{ agentId: string; jobs: readonly EmbeddingJob[] } | undefined>
  done(jobs: readonly EmbeddingJob[]): Promise<void>
  postpone(jobs: readonly EmbeddingJob[], afterMs: number): Promise<void>
  failed(jobs: readonly EmbeddingJob[], error: string): Promise<void>
}

/** Failures after which a job is given up. */
export const MAX_EMBEDDING_FAILURES = 3

export const createEmbeddingJobs = (db: Kysely<Database>): EmbeddingJobs => ({
  put: (agentId, memoryId, priority) => put(db, { agentId, memoryId, priority }),
  clear: async (agentId) =>
    void (await db.deleteFrom('embedding_jobs').where('agent_id', '=', agentId).execute()),
  claim: () => claim(db),
  done: async (jobs) =>
    void (await sql`delete from embedding_jobs where ${among(jobs)}`.execute(db)),
  postpone: async (jobs, afterMs) =>
    void (await sql`update embedding_jobs set token = null,
      ready_at = clock_timestamp() + ${afterMs}::float8 * interval '1 millisecond'
      where ${among(jobs)}`.execute(db)),
  failed: async (jobs, error) =>
    void (await sql`update embedding_jobs set token = null, error = ${error},
      failures = failures + 1,
      ready_at = clock_timestamp() + power(4, failures) * interval '5 seconds',
      failed_at = case when failures + 1 >= ${sql.lit(MAX_EMBEDDING_FAILURES)}
        then clock_timestamp() end
      where ${among(jobs)}`.execute(db)),
})

/** Only what this claim still holds. */
const among = (jobs: readonly EmbeddingJob[]) => sql`
  token = ${jobs[0]?.token ?? ''} and memory_id = any(${jobs.map(({ memoryId }) => memoryId)}::uuid[])`

interface Put {
  readonly agentId: string
  readonly memoryId: string
  readonly priority: EmbeddingPriority
}

async function put(
  db: Kysely<Database>,
  { agentId, memoryId, priority }: Put,
): Promise<WaitingEmbeddings> {
  const rank = EMBEDDING_PRIORITIES.indexOf(priority)
  await sql`
    insert into embedding_jobs (memory_id, agent_id, priority)
    values (${memoryId}, ${agentId}, ${rank})
    on conflict (memory_id) do update
      set priority = least(embedding_jobs.priority, excluded.priority), failed_at = null,
        failures = case when embedding_jobs.failed_at is null then embedding_jobs.failures else 0 end
    where embedding_jobs.agent_id = excluded.agent_id`.execute(db)
  const { rows } = await sql<{ priority: number; waiting: number }>`
    select priority, count(*)::int as waiting from embedding_jobs
    where agent_id = ${agentId} and failed_at is null group by priority`.execute(db)
  const of = (name: EmbeddingPriority) =>
    rows.find((row) => EMBEDDING_PRIORITIES[row.priority] === name)?.waiting ?? 0
  return { high: of('high'), normal: of('normal'), low: of('low') }
}

interface ClaimedRow {
  readonly memory_id: string
  readonly agent_id: string
  readonly failures: number
  readonly text: string | null
  readonly is_stale: boolean
}

/** Skips what another process claims at the same time. */
async function claim(db: Kysely<Database>): ReturnType<EmbeddingJobs['claim']> {
  const token = randomUUID()
  const { rows } = await sql<ClaimedRow>`
    with urgent as (
      select agent_id from embedding_jobs
      where failed_at is null and ready_at <= clock_timestamp()
      order by priority, ready_at limit 1 for update skip locked
    ), taken as (
      select memory_id from embedding_jobs j
      where failed_at is null and ready_at <= clock_timestamp()
        and agent_id = (select agent_id from urgent)
      order by priority, ready_at limit ${sql.lit(BATCH)} for update skip locked
    )
    update embedding_jobs j set token = ${token}, ready_at = ${CLAIM}
      from taken left join memories m on m.id = taken.memory_id
      where j.memory_id = taken.memory_id
    returning j.memory_id, j.agent_id, j.failures, m.content ->> 'text' as text,
      j.created_at < clock_timestamp() - interval '10 minutes' as is_stale`.execute(db)
  const agentId = rows[0]?.agent_id
  if (agentId === undefined) return undefined
  const jobs = rows.map((row) => ({
    ...{ memoryId: row.memory_id, token, failures: row.failures, isStale: row.is_stale },
    text: row.text ?? undefined,
  }))
  return { agentId, jobs }
}
