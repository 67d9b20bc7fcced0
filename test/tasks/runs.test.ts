import { beforeAll, beforeEach, expect, it } from '@jest/globals'
import { sql } from 'kysely'
import { FencedError } from '../../agent/errors.ts'
import type { RecordWrite } from '../../agent/records.ts'
import type { OpenDatabase } from '../../database/open.ts'
import { createTaskRuns } from '../../tasks/runs.ts'
import type { TaskEnd } from '../../tasks/task-ports.ts'
import { findTask, listTasks } from '../../tasks/tasks.ts'
import { describeDatabases } from '../support/databases.ts'
import { attemptOf, createAgent, createTask, fireOf, loseLease, runsOf } from './task-fixtures.ts'

const DONE: TaskEnd = { state: 'done', error: null, writes: [] }

describeDatabases('runs of tasks', (open) => {
  let database: OpenDatabase
  let agentId: string
  const applied: (readonly RecordWrite[])[] = []
  beforeAll(async () => {
    database = await open()
  })
  beforeEach(async () => {
    agentId = await createAgent(database.db)
    applied.length = 0
  })
  const db = () => database.db
  const runs = () =>
    createTaskRuns(db(), async (trx, _agent, writes) => {
      applied.push(writes)
      await sql`select 1`.execute(trx)
    })
  const task = (tags: string[] = ['queue'], metadata = {}) =>
    createTask(db(), agentId, { tags, metadata })
  const repeating = (metadata = {}) => task(['queue', 'repeat'], metadata)

  it('begins one time once, whichever of two workers asks first', async () => {
    const fire = fireOf(agentId, await task())
    const claims = await Promise.all([
      runs().claim(fire, attemptOf()),
      runs().claim(fire, attemptOf()),
    ])
    expect(claims.map(({ kind }) => kind).sort()).toEqual(['claimed', 'held'])
  })

  it('does not begin a time again that has been run', async () => {
    const fire = fireOf(agentId, await repeating())
    const attempt = attemptOf()
    await runs().claim(fire, attempt)
    await runs().finish(fire, attempt, DONE)
    expect(await runs().find(fire)).toEqual({ kind: 'ended', state: 'done' })
    expect(await runs().claim(fire, attemptOf())).toEqual({ kind: 'ended', state: 'done' })
  })

  it('deletes a task that runs once when it is done, and keeps one that repeats', async () => {
    const tasks = [await task(), await repeating()]
    for (const taskId of tasks) {
      const attempt = attemptOf()
      await runs().claim(fireOf(agentId, taskId), attempt)
      await runs().finish(fireOf(agentId, taskId), attempt, DONE)
    }
    const { rows } = await sql<{
      id: string
    }>`select id from tasks where agent_id = ${agentId}`.execute(db())
    expect(rows.map(({ id }) => id)).toEqual(tasks.slice(1))
  })

  it('skips a time of a task while an earlier one still runs', async () => {
    const taskId = await repeating()
    await runs().claim(fireOf(agentId, taskId, 1_000), attemptOf())
    const claim = await runs().claim(fireOf(agentId, taskId, 2_000), attemptOf())
    expect(claim).toEqual({ kind: 'ended', state: 'skipped' })
  })

  it('leaves out a time that the task has passed', async () => {
    const taskId = await repeating()
    await runs().claim(fireOf(agentId, taskId, 2_000), attemptOf())
    expect(await runs().find(fireOf(agentId, taskId, 1_000))).toEqual({ kind: 'gone' })
  })

  it('marks a run whose process died as unknown, and goes on with the next time', async () => {
    const taskId = await repeating()
    const died = attemptOf(1)
    await runs().claim(fireOf(agentId, taskId, 1_000), died)
    const next = await runs().claim(fireOf(agentId, taskId, 1_000), attemptOf(2, died.runId))
    expect(next).toEqual({ kind: 'ended', state: 'unknown' })
    const later = await runs().claim(fireOf(agentId, taskId, 2_000), attemptOf())
    expect(later).toEqual({ kind: 'claimed', tries: 1 })
    expect((await runsOf(db(), taskId))[0]).toMatchObject({
      ...{ state: 'unknown', error: expect.stringContaining('process ended') },
    })
  })

  it('takes a run over whose process died when the task says that a repetition does no harm', async () => {
    for (const effect of ['idempotent', 'none']) {
      const fire = fireOf(agentId, await task(['queue'], { effect }))
      const died = attemptOf(1)
      await runs().claim(fire, died)
      const next = attemptOf(2, died.runId)
      expect(await runs().claim(fire, next)).toEqual({ kind: 'claimed', tries: 2 })
      await expect(runs().finish(fire, died, DONE)).rejects.toThrow(FencedError)
      expect(applied).toEqual([])
      expect(await runs().renew(fire, died)).toBe(false)
      await runs().finish(fire, next, DONE)
      applied.length = 0
    }
  })

  it('notes as unknown what nobody came back for, once its time of silence is over', async () => {
    const taskId = await repeating()
    await runs().claim(fireOf(agentId, taskId, 1_000), attemptOf())
    await loseLease(db(), taskId)
    const claim = await runs().claim(fireOf(agentId, taskId, 2_000), attemptOf())
    expect(claim).toEqual({ kind: 'claimed', tries: 1 })
    expect((await runsOf(db(), taskId)).map(({ state }) => state)).toEqual(['unknown', 'running'])
  })

  it('counts the tries of a run that failed', async () => {
    const fire = fireOf(agentId, await task())
    const attempt = attemptOf()
    await runs().claim(fire, attempt)
    await runs().finish(fire, attempt, { ...DONE, state: 'again', error: 'Dry.', afterMs: 5_000 })
    expect(await runs().claim(fire, attemptOf())).toEqual({ kind: 'claimed', tries: 2 })
  })

  it('runs a task that was written anew under the id of one that is over', async () => {
    const first = await task(['queue'], { scheduledAt: 1_000 })
    const fire = fireOf(agentId, first, 1_000)
    const attempt = attemptOf()
    await runs().claim(fire, attempt)
    await runs().finish(fire, attempt, DONE)
    await createTask(db(), agentId, { id: first, metadata: { scheduledAt: 1_000 } })
    expect(await runs().claim(fire, attemptOf())).toMatchObject({ kind: 'claimed' })
  })

  it('runs nothing of an agent that is stopped, or of a task that is gone', async () => {
    const fire = fireOf(agentId, await task())
    await sql`update agents set status = 'inactive' where id = ${agentId}`.execute(db())
    expect(await runs().find(fire)).toEqual({ kind: 'gone' })
    expect(await runs().claim(fireOf(agentId, agentId), attemptOf())).toEqual({ kind: 'gone' })
  })

  it('commits neither writes nor result when one of them cannot be stored', async () => {
    const fire = fireOf(agentId, await task())
    const attempt = attemptOf()
    await runs().claim(fire, attempt)
    const refusing = createTaskRuns(db(), () => Promise.reject(new Error('No such room.')))
    await expect(refusing.finish(fire, attempt, DONE)).rejects.toThrow('No such room.')
    expect(await runsOf(db(), fire.taskId)).toMatchObject([{ state: 'running' }])
    expect(await runs().find(fire)).toMatchObject({ kind: 'open' })
  })

  it('keeps the last fifty runs of a task', async () => {
    const taskId = await repeating()
    for (let at = 1; at <= 52; at += 1) {
      await runs().skip(fireOf(agentId, taskId, at * 1_000), attemptOf(), 'No worker.')
    }
    const left = await runsOf(db(), taskId)
    expect(left).toHaveLength(50)
    expect(left[0]?.scheduled_at.getTime()).toBe(3_000)
  })

  it('does not write over a run that was begun when there is no worker for it elsewhere', async () => {
    const fire = fireOf(agentId, await task())
    await runs().claim(fire, attemptOf())
    await runs().skip(fire, attemptOf(), 'No worker.')
    expect(await runsOf(db(), fire.taskId)).toMatchObject([{ state: 'running' }])
  })

  it('are listed with their tasks, the newest first', async () => {
    const taskId = await repeating({ updateInterval: 60_000 })
    // PGlite's clock has milliseconds: both may have been made in the same one.
    await sql`update tasks set created_at = created_at - interval '1 second' where id = ${taskId}`.execute(
      db(),
    )
    await task(['AWAITING_CHOICE'])
    for (const at of [1_000, 2_000]) {
      await runs().skip(fireOf(agentId, taskId, at), attemptOf(), `At ${at}.`)
    }
    const listed = await listTasks(db(), agentId)
    expect(listed.map(({ plan, runs: newest }) => [plan?.kind, newest.length])).toEqual([
      ['repeat', 1],
      [undefined, 0],
    ])
    const shown = await findTask(db(), agentId, taskId)
    expect(shown?.runs).toMatchObject([
      { scheduledAt: 2_000, state: 'skipped', error: 'At 2000.' },
      { scheduledAt: 1_000, finishedAt: expect.any(Number) },
    ])
    expect(await findTask(db(), agentId, 'no id')).toBeUndefined()
  })
})
