import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { sql } from 'kysely'
import type { WorkContext } from '../../agent/context.ts'
import type { Ports } from '../../agent/ports.ts'
import { createTaskHouse } from '../../bin/task-house.ts'
import type { OpenDatabase } from '../../database/open.ts'
import { openTestPglite } from '../support/databases.ts'
import { createStepBench } from '../support/step-bench.ts'
import { devServerBench, type TurnBench } from '../support/turn-worker.ts'
import { createAgent, createTask, runsOf } from '../tasks/task-fixtures.ts'

let bench: TurnBench
let database: OpenDatabase
beforeAll(async () => {
  ;[bench, database] = await Promise.all([devServerBench(), openTestPglite()])
}, 30_000)
afterAll(async () => {
  await bench.stop()
  await database.close()
})

it('runs a task that was written, commits what it wrote, and deletes it', async () => {
  const { db } = database
  const agentId = await createAgent(db)
  const taskQueue = `tasks-${randomUUID()}`
  const execute = async (context: WorkContext) => {
    context.write({ kind: 'cache.put', key: 'watered', value: true })
  }
  const worker = { validate: async () => true, execute }
  const house = createTaskHouse({
    db,
    config: {
      ...{ taskQueue, workflowTaskTimeoutMs: 5_000, heartbeatTimeoutMs: 3_000 },
      ...{ heartbeatThrottleMs: 100, drainMs: 1 },
    },
    temporal: {
      connection: async () => ({
        ...{ connection: bench.env.nativeConnection, client: bench.client },
        ...{ namespace: 'default', hasSearchAttributes: false },
      }),
    },
    ports: () => ports,
    plugins: () => ({ worker: () => worker, opened: () => undefined }),
  })
  const ports: Ports = { ...createStepBench({ database }).worker(), tasks: house.tasks }
  const ending = new AbortController()
  const running = house.run(ending.signal)
  const watered = () => ports.records.of(agentId).cached('watered')
  const taskId = await createTask(db, agentId)
  house.changed()
  await bench.withWorker(
    ports,
    async () => {
      const until = Date.now() + 10_000
      while ((await watered()) !== true && Date.now() < until);
    },
    taskQueue,
  )
  ending.abort()
  await running
  expect(await watered()).toBe(true)
  expect(await runsOf(db, taskId)).toMatchObject([{ state: 'done', try: 1 }])
  const { rows } = await sql`select id from tasks where id = ${taskId}`.execute(db)
  expect(rows).toEqual([])
}, 30_000)
