import { randomUUID } from 'node:crypto'
import { beforeAll, beforeEach, expect, it } from '@jest/globals'
import { sql } from 'kysely'
import type { RecordWrite } from '../../agent/records.ts'
import type { OpenDatabase } from '../../database/open.ts'
import { createEmbeddingService } from '../../plugins/host-services/embedding-service.ts'
import { embedSome } from '../../tasks/embed-queue.ts'
import { createEmbeddingJobs } from '../../tasks/embedding-jobs.ts'
import { describeDatabases } from '../support/databases.ts'
import { createChannel, queueTurn } from '../support/turn-fixtures.ts'
import { createAgent } from './task-fixtures.ts'

describeDatabases('embeddings that were asked for', (open) => {
  let database: OpenDatabase
  let asked: string[][]
  let written: RecordWrite[]
  let emitted: { event: string; payload: Record<string, unknown> }[]
  let failure: Error | undefined
  beforeAll(async () => {
    database = await open()
  })
  beforeEach(async () => {
    await sql`delete from embedding_jobs`.execute(db())
    ;[asked, written, emitted, failure] = [[], [], [], undefined]
  })
  const db = () => database.db
  const jobs = () => createEmbeddingJobs(db())
  const drain = () =>
    embedSome({
      jobs: jobs(),
      async embed(_agent, texts) {
        asked.push([...texts])
        if (failure) throw failure
        return texts.map((_, at) => [at + 1])
      },
      commit: async (_agent, writes) => void written.push(...writes),
      emit: async (_agent, event, payload) => void emitted.push({ event, payload }),
      log: () => {},
    })
  const ready = () =>
    sql`update embedding_jobs set ready_at = now() - interval '1 second'`.execute(db())
  const serviceOf = (agentId: string) =>
    createEmbeddingService(agentId, {
      tasksChanged: () => {},
      runTask: async () => {},
      queueEmbedding: (agent, memory, priority) => jobs().put(agent, memory, priority),
      clearEmbeddings: (agent) => jobs().clear(agent),
    })
  /** A memory with a text. */
  async function remembered() {
    const { turnId } = await queueTurn(db(), await createChannel(db()))
    const { rows } = await sql<{ id: string; agent_id: string; text: string }>`
      select m.id, m.agent_id, m.content ->> 'text' as text
      from turns t join memories m on m.id = t.memory_id where t.id = ${turnId}`.execute(db())
    const [row] = rows
    if (!row) throw new Error('The turn has no memory.')
    return { ...row, memory: { id: row.id, content: { text: row.text } } }
  }

  it('are made once, and told to the plugins', async () => {
    const { id, agent_id, text, memory } = await remembered()
    const service = serviceOf(agent_id)
    await service.handleEmbeddingRequest({ memory, priority: 'high' })
    await service.handleEmbeddingRequest({ memory })
    expect(service.getQueueStats()).toEqual({ high: 1, normal: 0, low: 0, total: 1 })
    expect(await drain()).toBe(true)
    expect(asked).toEqual([[text]])
    expect(written).toEqual([{ kind: 'memory.update', id, embedding: [1] }])
    expect(emitted).toMatchObject([
      { event: 'EMBEDDING_GENERATION_COMPLETED', payload: { memory: { id, embedding: [1] } } },
    ])
    expect(await drain()).toBe(false)
  })

  it('are tried three times, and then told to have failed', async () => {
    const { agent_id, memory } = await remembered()
    await serviceOf(agent_id).handleEmbeddingRequest({ memory })
    failure = new Error('No vendor has embeddings.')
    for (const _try of [1, 2, 3, 4]) {
      await drain()
      await ready()
    }
    expect(asked).toHaveLength(3)
    expect(emitted).toMatchObject([
      { event: 'EMBEDDING_GENERATION_FAILED', payload: { error: failure.message, retryCount: 3 } },
    ])
  })

  it('wait for a memory that is not committed yet', async () => {
    const agentId = await createAgent(db())
    await jobs().put(agentId, randomUUID(), 'normal')
    expect(await drain()).toBe(true)
    expect(await drain()).toBe(false)
    expect([asked, await db().selectFrom('embedding_jobs').selectAll().execute()]).toEqual([
      [],
      [expect.objectContaining({ failures: 0, failed_at: null })],
    ])
  })

  it('are taken by one process at a time', async () => {
    const { agent_id, memory } = await remembered()
    await serviceOf(agent_id).handleEmbeddingRequest({ memory })
    const claims = await Promise.all([jobs().claim(), jobs().claim()])
    expect(claims.filter((claim) => claim !== undefined)).toHaveLength(1)
  })

  it('are not asked for without an id or a text, or where there is a vector', async () => {
    const agentId = await createAgent(db())
    const service = serviceOf(agentId)
    const id = randomUUID()
    await service.handleEmbeddingRequest({ memory: { content: { text: 'Hi' } } })
    await service.handleEmbeddingRequest({ memory: { id } })
    await service.handleEmbeddingRequest({
      memory: { id, content: { text: 'Hi' }, embedding: [1] },
    })
    expect(service.getQueueSize()).toBe(0)
  })
})
