import { randomUUID } from 'node:crypto'
import { beforeEach, expect, it } from '@jest/globals'
import { type ApiApp, createApp } from '../../api/app.ts'
import type { TaskView } from '../../api/tasks-port.ts'
import { createPaint } from '../../cli/paint.ts'
import { renderTasks } from '../../cli/tasks.ts'
import { parseCharacter } from '../../schema/character.ts'
import { createFakeApi } from '../support/fake-api-deps.ts'
import { fakeTasksPort } from '../support/fake-tasks-port.ts'

const TASK: TaskView = {
  ...{ id: randomUUID(), name: 'WATER', description: '', tags: ['queue', 'repeat'], metadata: {} },
  ...{ roomId: null, createdAt: 1, everySeconds: 60, dueAt: null },
  runs: [
    {
      ...{ scheduledAt: 1_000, state: 'unknown', tries: 1, startedAt: 1_001, finishedAt: 2_000 },
      error: 'Its process ended within it.',
    },
  ],
}

let app: ApiApp
let agentId: string
let tasks: ReturnType<typeof fakeTasksPort>

beforeEach(async () => {
  const fake = createFakeApi()
  const agent = await fake.deps.agents.create(parseCharacter({ name: 'Ada', bio: 'x' }, 'a test'))
  agentId = agent.id
  tasks = fakeTasksPort({ agents: new Map([[agentId, agent]]) })
  tasks.byAgent.set(agentId, [TASK])
  app = createApp({ ...fake.deps, tasks })
})

const ask = async (path: string, method = 'GET') => {
  const response = await app.request(`/api/agents/${agentId}/tasks${path}`, { method })
  return { status: response.status, body: await response.json() }
}

it('lists the tasks of an agent, and shows one', async () => {
  expect(await ask('')).toEqual({ status: 200, body: { success: true, data: { tasks: [TASK] } } })
  expect(await ask(`/${TASK.id}`)).toEqual({ status: 200, body: { success: true, data: TASK } })
})

it('runs a task and deletes one, and knows no others', async () => {
  expect((await ask(`/${TASK.id}/run`, 'POST')).status).toBe(202)
  expect((await ask(`/${TASK.id}`, 'DELETE')).status).toBe(200)
  expect((await ask(`/${randomUUID()}/run`, 'POST')).status).toBe(404)
  expect((await ask('/water/run', 'POST')).status).toBe(400)
  expect(tasks.asked).toEqual([`run ${TASK.id}`, `delete ${TASK.id}`])
})

it('names a run that may have happened, in the terminal too', () => {
  expect(renderTasks([TASK], createPaint(false)).split('\n')).toEqual([
    `${TASK.id}  WATER  every 60 s`,
    '  1970-01-01 00:00:01 unknown: Its process ended within it.',
  ])
})
