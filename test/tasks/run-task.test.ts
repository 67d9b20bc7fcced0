import { expect, it } from '@jest/globals'
import { MockActivityEnvironment } from '@temporalio/testing'
import { DefaultLogger } from '@temporalio/worker'
import { createActivities } from '../../activities/index.ts'
import type { WorkContext } from '../../agent/context.ts'
import { RecordError } from '../../agent/record-checks.ts'
import type { TaskVerdict } from '../../schema/task.ts'
import type { TaskWorker } from '../../tasks/task-ports.ts'
import { AGENT_ID, fakePorts } from '../support/fake-ports.ts'
import { scriptedVendor } from '../support/scripted-vendor.ts'
import { type FakeTasks, type FakeTasksInput, fakeTasks, taskNamed } from './fake-tasks.ts'

const AT = 1_000_000

/** The activity as the worker runs it, for one time of a task. */
function bench(given: Partial<FakeTasksInput> & { readonly execute?: TaskWorker['execute'] }) {
  const { execute, task = taskNamed('WATER'), ...more } = given
  const tasks: FakeTasks = fakeTasks({ task, worker: execute && { execute }, ...more })
  const ports = { ...fakePorts({ vendor: scriptedVendor() }), tasks }
  const input = { taskId: task.id, agentId: AGENT_ID, scheduledAt: AT, heartbeatTimeoutMs: 3_000 }
  const run = (): Promise<TaskVerdict> =>
    new MockActivityEnvironment({ isLocal: false }, QUIET).run(() =>
      createActivities(ports).runTask(input),
    )
  return { tasks, ports, run }
}

/** The SDK would write each failed attempt to the test's output. */
const QUIET = { logger: new DefaultLogger('ERROR') }

const ended = (state: string) => ({ kind: 'ended', state })

it('runs the worker with the metadata of the task as its options, and commits what it writes', async () => {
  const seen: unknown[] = []
  const task = taskNamed('WATER', { metadata: { litres: 2 } })
  const { run, tasks } = bench({
    task,
    execute: async (context, given, options) => {
      seen.push(given, options)
      context.write({ kind: 'cache.put', key: 'watered', value: true })
    },
  })
  expect(await run()).toEqual(ended('done'))
  expect(seen).toEqual([task, { litres: 2 }])
  expect(tasks.ends).toEqual([
    { state: 'done', error: null, writes: [{ kind: 'cache.put', key: 'watered', value: true }] },
  ])
})

it.each([
  ['task', 'What is said here would not reach the room'],
  ['client_chat', null],
])('refuses what would be said to nobody, in a room of the platform %s', async (source, words) => {
  const platforms = {
    ...{ has: (one: string) => one === 'task', canSend: true, needsGateway: false },
    send: () => Promise.reject(new Error('Nothing is sent here.')),
  }
  const roomId = '00000000-0000-4000-8000-000000000001'
  const place = { worldId: roomId, channelId: roomId, type: 'GROUP' }
  const task = taskNamed('WATER', { roomId })
  const { ports, tasks } = bench({ task, execute: async ({ say }) => say({ text: 'Done.' }) })
  await ports.records.commit(AGENT_ID, [
    { kind: 'room.put', room: { id: roomId, source, ...place } },
  ])
  const given = { ...ports, agents: { get: async () => ({ ...ports.agent, platforms }) } }
  const input = { taskId: task.id, agentId: AGENT_ID, scheduledAt: AT, heartbeatTimeoutMs: 3_000 }
  await new MockActivityEnvironment({ isLocal: false }, QUIET).run(() =>
    createActivities(given).runTask(input),
  )
  const [end] = tasks.ends
  expect(end?.error ?? null).toEqual(words && expect.stringContaining(words))
  expect(end?.writes).toHaveLength(words ? 0 : 1)
})

it('gives what is written the same ids when the same time is run again', async () => {
  const idsOf = async () => {
    const { run, tasks } = bench({
      execute: async (context) => {
        context.remember({ type: 'facts', entityId: AGENT_ID, content: { text: 'It rained.' } })
        context.remember({ type: 'facts', entityId: AGENT_ID, content: { text: 'It did.' } })
      },
    })
    await run()
    return tasks.ends[0]?.writes.map((write) => write.kind === 'memory.create' && write.memory.id)
  }
  const ids = await idsOf()
  expect(new Set(ids).size).toBe(2)
  expect(await idsOf()).toEqual(ids)
})

it('tries a task that runs once three times more, with longer and longer pauses, and then keeps it', async () => {
  const { run, tasks, ports } = bench({
    execute: () => Promise.reject(new Error('The tap is dry.')),
  })
  const verdicts = [await run(), await run(), await run(), await run()]
  expect(verdicts).toEqual([
    ...[5_000, 30_000, 120_000].map((afterMs) => ({ kind: 'again', afterMs })),
    ended('failed'),
  ])
  expect(tasks.ends.map(({ error }) => error)).toEqual(Array(4).fill('The tap is dry.'))
  expect(ports.warnings).toHaveLength(4)
  expect(await run()).toEqual(ended('failed')) // and never again by itself
  expect(tasks.ends).toHaveLength(4)
})

it('leaves a failure of a task that repeats to its next time', async () => {
  const { run, tasks } = bench({
    task: taskNamed('WATER', { tags: ['queue', 'repeat'] }),
    execute: async (context) => {
      context.write({ kind: 'cache.put', key: 'half', value: true })
      throw new Error('The tap is dry.')
    },
  })
  expect(await run()).toEqual(ended('failed'))
  expect(tasks.ends).toEqual([
    { state: 'failed', error: 'The tap is dry.', writes: [], afterMs: undefined },
  ])
})

it('gives up a worker that takes too long', async () => {
  let heard = false
  const { run, tasks } = bench({
    limitMs: 20,
    task: taskNamed('WATER', { tags: ['queue', 'repeat'] }),
    execute: ({ signal }) =>
      new Promise(() => {
        signal.addEventListener('abort', () => {
          heard = true
        })
      }),
  })
  expect(await run()).toEqual(ended('failed'))
  expect(heard).toBe(true)
  expect(tasks.ends[0]?.error).toContain('20 ms')
})

it('keeps a task that no plugin has a worker for, and names it', async () => {
  const { run, tasks, ports } = bench({})
  expect(await run()).toEqual(ended('skipped'))
  expect(tasks.skips).toEqual([expect.stringContaining("a worker for tasks named 'WATER'")])
  expect(ports.warnings[0]?.message).toContain('WATER')
})

it('does not claim a task whose worker does not validate, or fails at it', async () => {
  for (const validate of [async () => false, () => Promise.reject(new Error('Not ready.'))]) {
    let begun = false
    const execute = async (_context: WorkContext) => {
      begun = true
    }
    const { run, tasks } = bench({ worker: { validate, execute } })
    expect(await run()).toEqual(ended('skipped'))
    expect([begun, tasks.rows.size, tasks.skips.length]).toEqual([false, 0, 1])
  }
})

it('does nothing for a time that another Workflow runs', async () => {
  const { run, tasks } = bench({ execute: async () => undefined })
  tasks.rows.set(`${taskNamed('WATER').id} ${AT}`, { state: 'running', token: 'other', tries: 1 })
  expect(await run()).toEqual(ended('running'))
  expect(tasks.ends).toEqual([])
})

it('counts it as a failure when what the worker wrote cannot be stored', async () => {
  const { run, tasks } = bench({
    task: taskNamed('WATER', { tags: ['queue', 'repeat'] }),
    execute: async () => undefined,
  })
  const { finish } = tasks.runs
  tasks.runs.finish = async (fire, attempt, end) => {
    if (end.state === 'done') throw new RecordError('There is no such room.')
    await finish(fire, attempt, end)
  }
  expect(await run()).toEqual(ended('failed'))
  expect(tasks.ends).toMatchObject([{ error: 'There is no such room.' }])
})
