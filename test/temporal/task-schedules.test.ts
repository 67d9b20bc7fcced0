import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import type { Ports } from '../../agent/ports.ts'
import type { TaskPlan } from '../../tasks/task-plan.ts'
import type { TaskFire, TaskWorker } from '../../tasks/task-ports.ts'
import { taskScheduleId } from '../../temporal/ids.ts'
import { createTaskSchedules } from '../../temporal/task-schedules.ts'
import { eventually } from '../support/eventually.ts'
import { AGENT_ID } from '../support/fake-ports.ts'
import { scriptedVendor } from '../support/scripted-vendor.ts'
import { devServerBench, type TurnBench } from '../support/turn-worker.ts'
import { fakeTasks, taskNamed } from '../tasks/fake-tasks.ts'

const repeat = (everySeconds: number): TaskPlan => ({
  ...{ kind: 'repeat', everySeconds, anchorAt: Date.now(), isImmediate: true },
})

let bench: TurnBench
beforeAll(async () => {
  bench = await devServerBench()
}, 30_000)
afterAll(() => bench.stop())

function schedulesOn(taskQueue: string) {
  return createTaskSchedules(bench.client, {
    ...{ taskQueue, workflowTaskTimeoutMs: 5_000, heartbeatTimeoutMs: 3_000 },
    hasSearchAttributes: false,
  })
}

async function portsWith(execute: TaskWorker['execute'], tags: readonly string[]) {
  const id = randomUUID()
  const tasks = fakeTasks({ task: taskNamed('WATER', { id, tags }), worker: { execute } })
  const fires: TaskFire[] = []
  const runs: typeof tasks.runs = {
    ...tasks.runs,
    claim(fire, attempt) {
      fires.push(fire)
      return tasks.runs.claim(fire, attempt)
    },
  }
  const ports: Ports = {
    ...(await bench.ports({ vendor: scriptedVendor() })),
    tasks: { ...tasks, runs },
  }
  return { id, ports, fires, tasks }
}

it('runs a task that takes longer than its interval once at a time, and each time once', async () => {
  let running = 0
  let most = 0
  let ended = 0
  const { id, ports, fires } = await portsWith(async () => {
    running += 1
    most = Math.max(most, running)
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    running -= 1
    ended += 1
  }, ['queue', 'repeat'])
  const taskQueue = `tasks-${id}`
  const schedules = schedulesOn(taskQueue)
  const task = { taskId: id, agentId: AGENT_ID, plan: repeat(1), isDue: true }
  await schedules.ensure(task)
  await schedules.ensure(task)
  await bench.withWorker(ports, () => eventually(() => ended >= 2), taskQueue)
  await schedules.remove({ taskId: id, spec: 'every:1' })
  expect(most).toBe(1)
  expect(new Set(fires.map(({ at }) => at)).size).toBe(fires.length)
}, 30_000)

it('changes the interval of one that exists, and deletes it', async () => {
  const taskId = randomUUID()
  const schedules = schedulesOn(`tasks-${taskId}`)
  const everyOf = async () =>
    (await bench.client.schedule.getHandle(taskScheduleId(taskId)).describe()).spec.intervals?.[0]
      ?.every
  const task = { taskId, agentId: AGENT_ID, isDue: false }
  await schedules.ensure({ ...task, plan: repeat(3_600) })
  expect(await everyOf()).toBe(3_600_000)
  await schedules.ensure({ ...task, plan: repeat(60) })
  expect(await everyOf()).toBe(60_000)
  await schedules.remove({ taskId, spec: 'every:60' })
  await schedules.remove({ taskId, spec: 'every:60' })
  await expect(everyOf()).rejects.toThrow()
})

it('runs a task once at its time, however often it is started', async () => {
  const { id, ports, fires } = await portsWith(async () => undefined, ['queue'])
  const schedules = schedulesOn(`tasks-${id}`)
  const at = Date.now() + 700
  const task = { taskId: id, agentId: AGENT_ID, plan: { kind: 'once', at } as const, isDue: false }
  await Promise.all([schedules.ensure(task), schedules.ensure(task)])
  let ranAt = 0
  await bench.withWorker(
    ports,
    () =>
      eventually(() => {
        ranAt ||= fires.length > 0 ? Date.now() : 0
        return ranAt > 0
      }),
    `tasks-${id}`,
  )
  await schedules.ensure(task) // it has ended: its claim is found
  expect(fires).toEqual([{ taskId: id, agentId: AGENT_ID, at }])
  expect(ranAt).toBeGreaterThanOrEqual(at)
})

it('takes a task back whose time has not come', async () => {
  const { id, ports, fires } = await portsWith(async () => undefined, ['queue'])
  const schedules = schedulesOn(`tasks-${id}`)
  const at = Date.now() + 3_600_000
  await schedules.ensure({
    taskId: id,
    agentId: AGENT_ID,
    plan: { kind: 'once', at },
    isDue: false,
  })
  await schedules.remove({ taskId: id, spec: `once:${at}` })
  const handle = bench.client.workflow.getHandle(`task:${id}:${at}`)
  await bench.withWorker(ports, () => handle.result().catch(() => undefined), `tasks-${id}`)
  expect((await handle.describe()).status.name).toBe('CANCELLED')
  expect(fires).toEqual([])
})
