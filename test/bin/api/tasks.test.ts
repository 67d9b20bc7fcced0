import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { createTasksPort } from '../../../bin/api/tasks.ts'
import type { OpenDatabase } from '../../../database/open.ts'
import { createRecords } from '../../../memory/records.ts'
import type { TaskSchedules } from '../../../tasks/schedule-ports.ts'
import { openTestPglite } from '../../support/databases.ts'
import { createAgent, createTask } from '../../tasks/task-fixtures.ts'

let database: OpenDatabase
beforeAll(async () => {
  database = await openTestPglite()
})
afterAll(() => database.close())

async function openPort() {
  const { db } = database
  const started: Parameters<TaskSchedules['runNow']>[0][] = []
  const schedules = { runNow: async (task: (typeof started)[number]) => void started.push(task) }
  const agentId = await createAgent(db)
  return { port: createTasksPort({ db, records: createRecords(db), schedules }), started, agentId }
}

const repeat = { tags: ['queue', 'repeat'], metadata: { updateInterval: 90_000 } }

it('shows a task with its plan, in the list and alone', async () => {
  const { port, agentId } = await openPort()
  const id = await createTask(database.db, agentId, repeat)
  const task = { id, name: 'WATER', everySeconds: 90, dueAt: null, runs: [] }
  expect(await port.list(agentId)).toEqual([expect.objectContaining(task)])
  expect(await port.show(agentId, id)).toMatchObject(task)
})

it('a task that is run is asked of Temporal, also one that does not run by itself', async () => {
  const { port, agentId, started } = await openPort()
  const planned = await createTask(database.db, agentId, repeat)
  const waiting = await createTask(database.db, agentId, { tags: ['AWAITING_CHOICE'] })
  await port.run(agentId, planned)
  await port.run(agentId, waiting)
  expect(started).toMatchObject([
    { taskId: planned, agentId, plan: { kind: 'repeat', everySeconds: 90 } },
    { taskId: waiting, agentId, plan: { kind: 'once' } },
  ])
})

it('a task that is deleted is gone, and others stay', async () => {
  const { port, agentId } = await openPort()
  const [gone, kept] = [
    await createTask(database.db, agentId, repeat),
    await createTask(database.db, agentId, repeat),
  ]
  await port.delete(agentId, gone)
  expect((await port.list(agentId)).map(({ id }) => id)).toEqual([kept])
  await expect(port.show(agentId, gone)).rejects.toMatchObject({ code: 'not_found' })
})

it("what is not there, or another agent's, is neither run nor deleted", async () => {
  const { port, agentId, started } = await openPort()
  const others = await createTask(database.db, await createAgent(database.db), repeat)
  for (const id of [others, randomUUID(), 'no id']) {
    const refused = { code: 'not_found' }
    await expect(port.run(agentId, id)).rejects.toMatchObject(refused)
    await expect(port.delete(agentId, id)).rejects.toMatchObject(refused)
  }
  await expect(port.list(randomUUID())).rejects.toMatchObject({ code: 'not_found' })
  expect(started).toEqual([])
  const { rows } = await listed(others)
  expect(rows).toEqual([{ id: others }])
})

const listed = async (id: string) => ({
  rows: await database.db.selectFrom('tasks').select('id').where('id', '=', id).execute(),
})
