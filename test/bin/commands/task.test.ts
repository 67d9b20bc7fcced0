import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { main } from '../../../bin/cli.ts'
import { parseCharacter } from '../../../schema/character.ts'
import { createFakeApi } from '../../support/fake-api-deps.ts'
import { fakePipe } from '../../support/fake-io.ts'
import type { FakeTasksPort } from '../../support/fake-tasks-port.ts'
import { type ServedApi, serveApi } from '../../support/served-api.ts'

const ID = '3c6a3e9e-4a4c-4b57-9d3c-4d3f3a8e0a11'
let dataDir: string
let api: ServedApi
let tasks: FakeTasksPort

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'turnkeeper-task-'))
  const fake = createFakeApi()
  tasks = fake.deps.tasks as FakeTasksPort // what createFakeApi puts there
  for (const name of ['Ada', 'Bob']) {
    const { id } = await fake.deps.agents.create(parseCharacter({ name, bio: ['x'] }, 'a test'))
    tasks.byAgent.set(id, [
      {
        ...{ id: ID, name: `WATER of ${name}`, description: '', tags: [], metadata: {} },
        ...{ roomId: null, createdAt: 0, everySeconds: 90, dueAt: null, runs: [] },
      },
    ])
  }
  api = await serveApi(fake.deps)
})
afterEach(async () => {
  await api.stop()
  rmSync(dataDir, { recursive: true })
})

async function run(...argv: string[]) {
  const { io, seen } = fakePipe()
  const env = { TURNKEEPER_DATA_DIR: dataDir, TURNKEEPER_API_URL: api.url }
  const code = await main(['task', ...argv], { ...io, env })
  return { code, ...seen }
}

it('lists and shows the tasks of the agent that is named', async () => {
  expect(await run('list', '--agent', 'Bob')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('WATER of Bob'),
  })
  expect((await run('show', ID)).stdout).toContain('WATER of Ada')
  expect(JSON.parse((await run('show', ID, '--json')).stdout)).toMatchObject({ id: ID })
  expect(tasks.asked).toEqual([])
})

it('has a task run, and deletes it', async () => {
  expect(await run('run', ID)).toMatchObject({ code: 0, stdout: 'It runs now.\n' })
  expect(await run('cancel', ID)).toMatchObject({ code: 0, stdout: 'It is deleted.\n' })
  expect(tasks.asked).toEqual([`run ${ID}`, `delete ${ID}`])
})

it.each(['show', 'run', 'cancel'])(
  'task %s ends with 4 for a task that is not there',
  async (command) => {
    expect((await run(command, '3c6a3e9e-4a4c-4b57-9d3c-4d3f3a8e0a12')).code).toBe(4)
    expect(tasks.asked).toEqual([])
  },
)
