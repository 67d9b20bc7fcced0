import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { sql } from 'kysely'
import type { OpenDatabase } from '../../database/open.ts'
import { createReconciler, reconcile } from '../../tasks/reconcile.ts'
import { createTaskRuns } from '../../tasks/runs.ts'
import { createScheduleRows } from '../../tasks/schedule-rows.ts'
import { describeDatabases } from '../support/databases.ts'
import { eventually } from '../support/eventually.ts'
import { type FakeSchedules, fakeSchedules } from './fake-schedules.ts'
import { attemptOf, createAgent, createTask, fireOf } from './task-fixtures.ts'

const NEVER = new Date(0)

describeDatabases('schedules of tasks', (open) => {
  let database: OpenDatabase
  let agentId: string
  let schedules: FakeSchedules
  let logged: string[]
  beforeAll(async () => {
    database = await open()
  })
  beforeEach(async () => {
    await sql`delete from agents`.execute(db())
    await sql`delete from task_schedules`.execute(db())
    agentId = await createAgent(db())
    schedules = fakeSchedules()
    logged = []
  })
  const db = () => database.db
  const ports = () => ({
    ...{ rows: createScheduleRows(db()), schedules },
    log: (message: string) => void logged.push(message),
  })
  const pass = (checkedBefore = NEVER) => reconcile(ports(), checkedBefore)
  const every = (updateInterval: number, more: object = {}) => ({
    tags: ['queue', 'repeat'],
    metadata: { updatedAt: Date.now(), updateInterval, ...more },
  })
  const change = (id: string, metadata: object) =>
    sql`update tasks set metadata = metadata || ${JSON.stringify(metadata)}::jsonb,
      updated_at = clock_timestamp() where id = ${id}`.execute(db())
  /** As the passes of the next minutes do. */
  const compareAgain = async () => {
    await sql`update task_schedules
      set checked_at = clock_timestamp() - interval '2 minutes'`.execute(db())
    await pass()
  }
  const lapse = () => sql`update task_schedules set claimed_until = null`.execute(db())

  it('makes one for each task in the queue, once', async () => {
    const repeat = await createTask(db(), agentId, every(90_000))
    const once = await createTask(db(), agentId, { metadata: { scheduledAt: 4_000_000_000_000 } })
    await createTask(db(), agentId, { tags: ['AWAITING_CHOICE'] })
    await pass()
    await pass()
    expect(Object.fromEntries(schedules.standing)).toEqual({
      [repeat]: 'every:90',
      [once]: 'once:4000000000000',
    })
    expect(schedules.calls).toHaveLength(2)
  })

  it('makes it once when two processes look at the same time', async () => {
    await createTask(db(), agentId, every(90_000))
    await Promise.all([pass(), pass()])
    await pass()
    expect(schedules.calls).toEqual(['ensure every:90'])
  })

  it('begins at once what is immediate or overdue, and waits an interval otherwise', async () => {
    await createTask(db(), agentId, every(60_000))
    const immediate = await createTask(db(), agentId, {
      ...every(60_000),
      tags: ['queue', 'repeat', 'immediate'],
    })
    const overdue = await createTask(db(), agentId, every(60_000, { updatedAt: 1_000 }))
    await pass()
    expect(schedules.triggered.sort()).toEqual([immediate, overdue].sort())
  })

  it('follows a changed interval, and nothing else that changes', async () => {
    const task = await createTask(db(), agentId, every(60_000))
    await pass()
    await change(task, { colour: 'green', updatedAt: Date.now() })
    await pass()
    await change(task, { updateInterval: 5_000 })
    await pass()
    await pass()
    expect(schedules.standing.get(task)).toBe('every:5')
    expect(schedules.calls).toEqual(['ensure every:60', 'ensure every:60', 'ensure every:5'])
  })

  it('replaces a Workflow that waits for another time', async () => {
    const task = await createTask(db(), agentId, { metadata: { scheduledAt: 4_000_000_000_000 } })
    await pass()
    await change(task, { scheduledAt: 4_100_000_000_000 })
    await pass()
    expect(schedules.calls.slice(1)).toEqual([
      'remove once:4000000000000',
      'ensure once:4100000000000',
    ])
  })

  it('deletes what belongs to a task that is gone, or to an agent that is stopped', async () => {
    const task = await createTask(db(), agentId, every(60_000))
    await createTask(db(), agentId, every(60_000))
    await pass()
    await sql`delete from tasks where id = ${task}`.execute(db())
    await pass()
    expect(schedules.standing.size).toBe(1)
    await sql`update agents set status = 'inactive'`.execute(db())
    await pass()
    expect(schedules.standing.size).toBe(0)
    expect(await db().selectFrom('task_schedules').selectAll().execute()).toEqual([])
  })

  it('loses nothing when a process dies between Temporal and the database', async () => {
    const task = await createTask(db(), agentId, every(60_000))
    schedules.diesAfter = 'ensure'
    await pass()
    schedules.diesAfter = undefined
    await sql`delete from tasks where id = ${task}`.execute(db())
    await lapse()
    await pass()
    expect(schedules.standing.size).toBe(0)
  })

  it('tries again what failed while Temporal was away', async () => {
    await createTask(db(), agentId, every(60_000))
    schedules.isAway = true
    expect(await pass()).toBe('not-done')
    schedules.isAway = false
    await pass()
    expect(schedules.standing.size).toBe(1)
    expect(logged).toHaveLength(1)
  })

  it('makes again what Temporal has lost, when it is compared', async () => {
    await createTask(db(), agentId, every(60_000))
    await pass()
    schedules.standing.clear()
    await pass(new Date(Date.now() + 60_000))
    expect(schedules.standing.size).toBe(1)
  })

  it('does not begin a task again that runs once and has failed', async () => {
    const task = await createTask(db(), agentId, { metadata: { scheduledAt: 1_000 } })
    await pass()
    await sql`
      insert into task_runs (task_id, scheduled_at, agent_id, name, state, run_id, attempt, token,
        lease_until, started_at, finished_at)
      values (${task}, ${new Date(1_000)}, ${agentId}, 'WATER', 'failed', 'run', 1, 'token', now(),
        clock_timestamp(), clock_timestamp())`.execute(db())
    for (let minutes = 2; minutes < 5; minutes += 1) {
      await sql`update task_schedules
        set checked_at = clock_timestamp() - ${minutes} * interval '1 minute'`.execute(db())
      await pass()
    }
    expect(schedules.calls).toEqual(['ensure once:1000'])
  })

  describe.each(['done', 'failed', 'unknown'] as const)(
    'a task that names no time, and ends as %s',
    (end) => {
      it('runs once, however often it is compared while it runs and afterwards', async () => {
        const metadata = { updatedAt: Date.now() - 5_000 }
        const task = await createTask(db(), agentId, { metadata })
        await pass()
        const at = Number(schedules.standing.get(task)?.slice('once:'.length))
        const runs = createTaskRuns(db(), () => Promise.resolve())
        const [fire, attempt] = [fireOf(agentId, task, at), attemptOf()]
        expect(await runs.claim(fire, attempt)).toMatchObject({ kind: 'claimed' })
        await compareAgain()
        if (end === 'unknown') await runs.claim(fire, attemptOf(2, attempt.runId))
        else await runs.finish(fire, attempt, { state: end, error: null, writes: [] })
        await compareAgain()
        await change(task, { updatedAt: Date.now() + 5_000 })
        await compareAgain()
        const others = schedules.calls.filter((call) => !call.endsWith(`once:${at}`))
        expect(others).toEqual([])
        const [first, second] = ['ensure', 'remove'].map((verb) => `${verb} once:${at}`)
        expect(schedules.calls).toEqual(end === 'done' ? [first, first, second] : [first, first])
      })
    },
  )

  it('begins a task again that failed when it is given a later time', async () => {
    const task = await createTask(db(), agentId, { metadata: { scheduledAt: 1_000 } })
    await pass()
    const runs = createTaskRuns(db(), () => Promise.resolve())
    const [fire, attempt] = [fireOf(agentId, task, 1_000), attemptOf()]
    await runs.claim(fire, attempt)
    await runs.finish(fire, attempt, { state: 'failed', error: 'Dry.', writes: [] })
    await change(task, { scheduledAt: 4_000_000_000_000 })
    await pass()
    expect(schedules.standing.get(task)).toBe('once:4000000000000')
  })

  it('looks at once when it is nudged', async () => {
    const ending = new AbortController()
    const reconciler = createReconciler(ports(), { intervalMs: 3_600_000 })
    await createTask(db(), agentId, every(60_000))
    const running = reconciler.run(ending.signal)
    await eventually(() => schedules.standing.size === 1)
    await createTask(db(), agentId, every(60_000))
    reconciler.nudge()
    await eventually(() => schedules.standing.size === 2)
    ending.abort()
    await running
  })
})
