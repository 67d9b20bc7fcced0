import { setTimeout as delay } from 'node:timers/promises'
import type { RecordWrite } from '../agent/records.ts'
import { wordsOf } from '../agent/words-of.ts'
import { type EmbeddingJob, type EmbeddingJobs, MAX_EMBEDDING_FAILURES } from './embedding-jobs.ts'

export interface EmbedQueuePorts {
  readonly jobs: EmbeddingJobs
  /** One vector per text, in their order. */
  embed(agentId: string, texts: readonly string[]): Promise<readonly (readonly number[])[]>
  commit(agentId: string, writes: readonly RecordWrite[]): Promise<void>
  /** Tells the agent's plugins. */
  emit(
    agentId: string,
    event: 'EMBEDDING_GENERATION_COMPLETED' | 'EMBEDDING_GENERATION_FAILED',
    payload: Record<string, unknown>,
  ): Promise<void>
  log(message: string, error?: unknown): void
}

const INTERVAL_MS = 1_000

/** The step that wrote a memory has not committed yet. */
const NOT_YET_MS = 3_000

/** Works until `signal` is aborted. Does not reject. */
export async function runEmbedQueue(ports: EmbedQueuePorts, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const did = await embedSome(ports).catch((error: unknown) => {
      ports.log('Embeddings could not be looked up; they wait.', error)
      return false
    })
    if (!did) await delay(INTERVAL_MS, undefined, { signal }).catch(() => undefined)
  }
}

/** One batch of one agent. False when nothing waited. */
export async function embedSome(ports: EmbedQueuePorts): Promise<boolean> {
  const { jobs } = ports
  const claimed = await jobs.claim()
  if (!claimed) return false
  const { agentId } = claimed
  const ready = claimed.jobs.filter(({ text }) => text)
  const empty = claimed.jobs.filter(({ text }) => text === '')
  const absent = claimed.jobs.filter(({ text }) => text === undefined)
  await jobs.done([...empty, ...absent.filter(({ isStale }) => isStale)])
  await jobs.postpone(
    absent.filter(({ isStale }) => !isStale),
    NOT_YET_MS,
  )
  if (ready.length > 0) await embedReady(ports, agentId, ready)
  return true
}

async function embedReady(
  ports: EmbedQueuePorts,
  agentId: string,
  ready: readonly EmbeddingJob[],
): Promise<void> {
  try {
    const vectors = await ports.embed(
      agentId,
      ready.map(({ text = '' }) => text),
    )
    await ports.commit(
      agentId,
      ready.map(({ memoryId }, at) => ({
        ...{ kind: 'memory.update', id: memoryId, embedding: vectors[at] ?? [] },
      })),
    )
    await ports.jobs.done(ready)
    await tell(ports, agentId, ready, (_, at) => ({ embedding: vectors[at] }))
  } catch (error) {
    const words = wordsOf(error)
    ports.log(`${ready.length} embeddings of the agent '${agentId}' could not be made.`, error)
    await ports.jobs.failed(ready, words)
    const over = ready.filter(({ failures }) => failures + 1 >= MAX_EMBEDDING_FAILURES)
    await tell(ports, agentId, over, () => ({ error: words }))
  }
}

async function tell(
  { emit }: EmbedQueuePorts,
  agentId: string,
  jobs: readonly EmbeddingJob[],
  more: (job: EmbeddingJob, at: number) => { embedding?: readonly number[]; error?: string },
): Promise<void> {
  for (const [at, job] of jobs.entries()) {
    const { embedding, error } = more(job, at)
    const memory = {
      id: job.memoryId,
      content: { text: job.text },
      ...(embedding && { embedding }),
    }
    const source = 'embeddingService'
    if (error === undefined) {
      await emit(agentId, 'EMBEDDING_GENERATION_COMPLETED', { memory, source })
    } else {
      const payload = { memory, error, source, retryCount: job.failures + 1, maxRetries: 3 }
      await emit(agentId, 'EMBEDDING_GENERATION_FAILED', payload)
    }
  }
}
