import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { sql } from 'kysely'
import type { Action } from '../../agent/action.ts'
import { createSweeperPorts } from '../../bin/sweeper-ports.ts'
import type { OpenDatabase } from '../../database/open.ts'
import { setAgentStatus } from '../../memory/agents.ts'
import type { PageCursor } from '../../schema/page-cursor.ts'
import { accept } from '../../turns/accept.ts'
import { listApprovals, pendingApprovals } from '../../turns/approvals.ts'
import { requestCancel } from '../../turns/cancel.ts'
import { findLateTurns } from '../../turns/sweep.ts'
import { approvalTurns, recordedAction } from '../support/approval-turns.ts'
import { describeDatabases } from '../support/databases.ts'
import { createStepBench, type StepBench } from '../support/step-bench.ts'
import {
  attemptOf,
  contents,
  createChannel,
  first,
  messageTo,
  queueTurn,
  turnRow,
} from '../support/turn-fixtures.ts'

const LARGE = { size: 'large', cheese: ['gouda', 'brie'] }

describeDatabases('an action that needs approval', (open, kind) => {
  let database: OpenDatabase
  let bench: StepBench
  let turns: ReturnType<typeof approvalTurns>
  let order: ReturnType<typeof recordedAction>
  beforeAll(async () => {
    database = await open()
  })
  const db = () => database.db
  const offer = (given: Partial<Action> = {}) => {
    order = recordedAction('ORDER', { requiresApproval: true, ...given })
    bench = createStepBench({ database, plugins: [order.plugin, recordedAction('WAVE').plugin] })
    turns = approvalTurns(database, bench)
  }
  beforeEach(() => offer())

  describe('asks', () => {
    it('before anything happens, and however often the step runs', async () => {
      const turn = await turns.decided({ actions: ['ORDER'], parameters: { ORDER: LARGE } })
      expect(await turns.run(turn, 'ORDER')).toBe('needs_approval')
      expect(await turns.run(turn, 'ORDER', { attempt: 2 })).toBe('needs_approval')
      expect(order.runs).toEqual([])
      expect(await turns.journaled(turn, 'runAction:0')).toBeUndefined()
    })

    it('only for the parameters that the action names', async () => {
      offer({ requiresApproval: async ({ size }) => size === 'large' })
      const small = await turns.decided({
        actions: ['ORDER'],
        parameters: { ORDER: { size: 's' } },
      })
      expect(await turns.run(small, 'ORDER')).toBe('done')
      const large = await turns.decided({ actions: ['ORDER'], parameters: { ORDER: LARGE } })
      expect(await turns.run(large, 'ORDER')).toBe('needs_approval')
      expect(order.runs.map(({ parameters }) => parameters)).toEqual([{ size: 's' }])
    })

    it('nobody when the action does not validate', async () => {
      offer({ validate: () => false })
      const turn = await turns.decided({ actions: ['ORDER'] })
      expect(await turns.run(turn, 'ORDER')).toBe('done')
      expect(order.runs).toEqual([])
    })

    it('nobody, and does nothing, when it cannot say whether it must', async () => {
      offer({
        requiresApproval: () => {
          throw new Error('The price list is gone.')
        },
      })
      const turn = await turns.decided({ actions: ['ORDER'] })
      expect(await turns.run(turn, 'ORDER')).toBe('done')
      expect(order.runs).toEqual([])
      expect((await turns.journaled(turn, 'runAction:0'))?.result).toMatchObject({
        ...{ success: false, error: 'The price list is gone.' },
      })
    })
  })

  describe('parks its turn', () => {
    it('which says its reply and the question, and lets the room go on', async () => {
      const channel = await createChannel(db())
      const turn = await turns.decided(
        { actions: ['ORDER'], parameters: { ORDER: LARGE } },
        channel,
      )
      const next = await queueTurn(db(), channel)
      await turns.run(turn, 'ORDER')
      expect(await turns.park(turn)).toEqual({ kind: 'parked', hasOutbox: false })
      const question = `May I run ORDER with ${JSON.stringify(LARGE)}? (approve or deny)`
      expect(await turns.said(turn)).toEqual(['I will see to it.', question])
      expect(bench.started).toEqual([next])
      const row = await turnRow(db(), turn.turnId)
      expect(row).toMatchObject({ state: 'waiting_approval', gen: 1, ready_at: null })
      expect(row.reply_memory_id).not.toBeNull()
      const approval = await turns.approvalOf(turn)
      expect(approval).toMatchObject({
        ...{ action: 'ORDER', parameters: LARGE, question, state: 'pending', step: 'runAction:0' },
        ...{ answered_at: null, approvable_by: 'admin' },
      })
      const { raw_message: asked } = await db()
        .selectFrom('messages')
        .select('raw_message')
        .where('id', '=', approval.message_id)
        .executeTakeFirstOrThrow()
      expect(asked.approval).toEqual({
        ...{ id: approval.id, action: 'ORDER', parameters: LARGE, options: ['approve', 'deny'] },
      })
    })

    it('once, however often the step runs, and starts the next turn each time', async () => {
      const channel = await createChannel(db())
      const turn = await turns.decided({ actions: ['ORDER'] }, channel)
      const next = await queueTurn(db(), channel)
      await turns.run(turn, 'ORDER')
      await turns.park(turn, { attempt: 1 })
      const before = await contents(db())
      await turns.park(turn, { attempt: 2 })
      await turns.park(turn, { attempt: 1 })
      expect(await contents(db())).toEqual(before)
      expect(bench.started).toEqual([next, next, next])
    })

    it('not when it was told to stop', async () => {
      const turn = await turns.decided({ actions: ['ORDER'] })
      await turns.run(turn, 'ORDER')
      await requestCancel(db(), { turnId: turn.turnId, roomId: turn.roomId })
      expect(await turns.park(turn)).toEqual({ kind: 'refused' })
      expect(await turns.said(turn)).toEqual([])
    })

    it('not again when a late attempt comes after the answer', async () => {
      const turn = await turns.parked('ORDER')
      await turns.answer(turn, 'approve')
      const before = await contents(db())
      expect(await turns.park(turn, { attempt: 2 })).toEqual({ kind: 'parked', hasOutbox: false })
      expect(await contents(db())).toEqual(before)
    })

    it('in the words of the action, if it has some', async () => {
      offer({ approvalQuestion: ({ size }) => `Shall I really order a ${size} pizza?` })
      const turn = await turns.parked('ORDER', LARGE)
      expect((await turns.said(turn)).at(-1)).toBe('Shall I really order a large pizza?')
    })
  })

  describe('once it is approved', () => {
    it('runs with exactly what was approved, and only once, in a turn at the end of its room', async () => {
      const channel = await createChannel(db())
      const turn = await turns.parked('ORDER', LARGE, channel)
      const meanwhile = await queueTurn(db(), channel)
      const { approval, isOurs, head } = await turns.answer(turn, 'approve', { comment: 'Enjoy.' })
      expect(isOurs).toBe(true)
      expect(approval).toMatchObject({
        ...{ state: 'approved', answered_by: 'Kim', answered_via: 'api', comment: 'Enjoy.' },
        ...{ action: 'ORDER', parameters: LARGE },
      })
      expect(head).toEqual(meanwhile)
      expect(await turnRow(db(), turn.turnId)).toMatchObject({ gen: 2, state: 'queued', seq: 3 })

      await requestCancel(db(), meanwhile)
      const next = await turns.resumed(turn)
      const decide = await bench.attempt(1, (activities) => activities.decide(next))
      expect(decide).toEqual({ actions: ['ORDER'] })
      expect(await turns.run(next, 'ORDER')).toBe('done')
      expect(await turns.run(next, 'ORDER', { attempt: 2 })).toBe('done')
      expect(order.runs).toMatchObject([{ parameters: LARGE, key: `${turn.turnId}:1:runAction:0` }])
      const ended = await bench.attempt(1, (activities) =>
        activities.settle(next, { kind: 'decided', round: 1 }),
      )
      expect(ended.state).toBe('replied')
      expect(await turns.said(turn)).toEqual([
        'I will see to it.',
        expect.stringContaining('May I run ORDER'),
        'ORDER is done.',
      ])
    })

    it('is not spent on a stopped agent, whose turn would only wait', async () => {
      const turn = await turns.parked('ORDER')
      await setAgentStatus(db(), turn.agentId, 'inactive')
      await expect(turns.answer(turn, 'approve')).rejects.toMatchObject({ code: 'agent_stopped' })
      await setAgentStatus(db(), turn.agentId, 'active')
      expect((await turns.answer(turn, 'approve')).isOurs).toBe(true)
    })

    it('gets a deadline of its own', async () => {
      const turn = await turns.parked('ORDER')
      await sql`update turns set deadline_at = clock_timestamp() where id = ${turn.turnId}`.execute(
        db(),
      )
      await turns.answer(turn, 'approve')
      const { deadline_at: deadline } = await turnRow(db(), turn.turnId)
      expect(deadline.getTime()).toBeGreaterThan(Date.now() + 200_000)
    })

    it('is started by the next message of its room when nobody started it', async () => {
      const channel = await createChannel(db())
      const turn = await turns.parked('ORDER', {}, channel)
      await turns.answer(turn, 'approve') // and the process dies
      const accepted = await accept(db(), messageTo(channel))
      expect(accepted).toMatchObject({ heads: [{ turnId: turn.turnId, gen: 2 }] })
    })

    it('is started by the sweeper when nobody started it', async () => {
      const turn = await turns.parked('ORDER')
      await turns.answer(turn, 'approve') // and the process dies
      const limits = { readyMs: 0, untouchedMs: 60_000, graceMs: 10_000, lateMs: 10_000 }
      const found = await findLateTurns(db(), limits)
      expect(found?.ready).toContainEqual(expect.objectContaining({ turnId: turn.turnId, gen: 2 }))
    })

    it('asks again for the next action of the turn that needs it', async () => {
      const turn = await turns.decided({ actions: ['ORDER', 'ORDER'] })
      await turns.run(turn, 'ORDER')
      await turns.park(turn)
      await turns.answer(turn, 'approve')
      const next = await turns.resumed(turn)
      await turns.run(next, 'ORDER')
      expect(await turns.run(next, 'ORDER', { ordinal: 1 })).toBe('needs_approval')
      await turns.park(next, { ordinal: 1 })
      expect(await turns.said(turn)).toHaveLength(4) // the reply is not said again
      expect(order.runs).toHaveLength(1)
    })
  })

  describe('that is refused', () => {
    it('does not run, says so, and is known to the actions behind it', async () => {
      const seen: unknown[] = []
      const wave = recordedAction('WAVE', {
        handler: async ({ previous }) => {
          seen.push(...previous)
          return { success: true }
        },
      })
      bench = createStepBench({ database, plugins: [order.plugin, wave.plugin] })
      turns = approvalTurns(database, bench)
      const turn = await turns.decided({ actions: ['ORDER', 'WAVE'] })
      await turns.run(turn, 'ORDER')
      await turns.park(turn)
      await turns.answer(turn, 'deny', { comment: 'Too expensive.' })
      const next = await turns.resumed(turn)
      expect(await turns.run(next, 'ORDER')).toBe('done')
      await turns.run(next, 'WAVE', { ordinal: 1 })
      expect(order.runs).toEqual([])
      expect((await turns.said(turn)).at(-1)).toBe(
        'I did not run ORDER: it was denied. (Too expensive.)',
      )
      expect(seen).toMatchObject([{ action: 'ORDER', success: false, denied: true }])
    })

    it('by silence, when its deadline passes: the sweeper answers', async () => {
      const turn = await turns.parked('ORDER')
      const limits = { readyMs: 60_000, untouchedMs: 60_000, graceMs: 0, lateMs: 0 }
      await sql`update turns set deadline_at = accepted_at where id = ${turn.turnId}`.execute(db())
      const early = await findLateTurns(db(), limits)
      expect(early?.expired.map(({ turnId }) => turnId)).not.toContain(turn.turnId)
      const { id } = await turns.approvalOf(turn)
      expect(early?.unanswered).not.toContain(id)

      await sql`update approvals set deadline_at = requested_at where id = ${id}`.execute(db())
      expect((await findLateTurns(db(), limits))?.unanswered).toContain(id)
      const started: unknown[] = []
      const startHead = async (head: unknown) => void started.push(head)
      const temporal = {} as Parameters<typeof createSweeperPorts>[0]['temporal'] // nothing of it is used
      const ports = { ...bench.worker(), startHead }
      await createSweeperPorts({ database, temporal, ports }).expire(id)
      expect(started).toMatchObject([{ turnId: turn.turnId, gen: 2 }])
      expect(await turns.approvalOf(turn)).toMatchObject({
        ...{ state: 'expired', answered_by: 'deadline', answered_via: 'sweeper' },
      })
      await turns.run(await turns.resumed(turn), 'ORDER')
      expect(order.runs).toEqual([])
      expect((await turns.said(turn)).at(-1)).toContain('nobody approved it in time')
    })
  })

  describe('that is answered twice', () => {
    it('hears the same when the answer is the same', async () => {
      const turn = await turns.parked('ORDER')
      const one = await turns.answer(turn, 'approve')
      const before = await contents(db())
      expect(await turns.answer(turn, 'approve', { by: 'Lee' })).toEqual(one)
      expect(await contents(db())).toEqual(before)
    })

    it('keeps the first answer when the second is another one', async () => {
      const turn = await turns.parked('ORDER')
      await turns.answer(turn, 'approve')
      const second = await turns.answer(turn, 'deny', { by: 'Lee' })
      expect(second).toMatchObject({
        isOurs: false,
        approval: { state: 'approved', answered_by: 'Kim' },
      })
      expect(await turnRow(db(), turn.turnId)).toMatchObject({ gen: 2 })
    })

    it('is not disturbed in its next question by an answer to the last one', async () => {
      const turn = await turns.decided({ actions: ['ORDER', 'ORDER'] })
      await turns.run(turn, 'ORDER')
      await turns.park(turn)
      const { approval } = await turns.answer(turn, 'approve')
      const next = await turns.resumed(turn)
      await turns.run(next, 'ORDER')
      await turns.run(next, 'ORDER', { ordinal: 1 })
      await turns.park(next, { ordinal: 1 })
      await turns.answer(turn, 'approve', { id: approval.id })
      expect(await turnRow(db(), turn.turnId)).toMatchObject({ state: 'waiting_approval', gen: 2 })
      expect(await turns.approvalOf(turn)).toMatchObject({ state: 'pending' })
    })
  })

  it('takes an answer behind its deadline for none', async () => {
    const turn = await turns.parked('ORDER')
    await sql`update approvals set deadline_at = requested_at where turn_id = ${turn.turnId}`.execute(
      db(),
    )
    const late = await turns.answer(turn, 'approve')
    expect(late).toMatchObject({ isOurs: false, approval: { state: 'expired' } })
    expect(await turnRow(db(), turn.turnId)).toMatchObject({ state: 'queued', gen: 2 })
  })

  it('falls away when its turn is cancelled', async () => {
    const turn = await turns.parked('ORDER')
    await requestCancel(db(), { turnId: turn.turnId, roomId: turn.roomId })
    expect(await turns.approvalOf(turn)).toMatchObject({ state: 'cancelled' })
    const answered = await turns.answer(turn, 'approve')
    expect(answered).toMatchObject({ isOurs: false, approval: { state: 'cancelled' } })
    expect(await turnRow(db(), turn.turnId)).toMatchObject({ state: 'cancelled', gen: 1 })
  })

  it('is listed page by page, none twice and none left out, by its channel', async () => {
    const channel = await createChannel(db())
    const parked: string[] = []
    for (let count = 0; count < 3; count += 1) {
      parked.push((await turns.parked('ORDER', {}, channel)).turnId)
    }
    await turns.parked('ORDER')
    // Three within one millisecond, two of them in the same microsecond.
    const [one] = parked
    await sql`update approvals set requested_at = timestamptz '2026-01-01 12:00:00.000123'
      + case when turn_id = ${one} then 1 else 0 end * interval '1 microsecond'`.execute(db())
    const seen: string[] = []
    for (let before: PageCursor | undefined; ; ) {
      const { channelId } = channel
      const page = await listApprovals(db(), { channelId, limit: 1, before })
      const last = page.at(-1)
      if (!last) break
      seen.push(last.turn_id)
      before = { atMicros: last.at_micros, id: last.id }
    }
    expect(seen[0]).toBe(one)
    expect(seen.toSorted()).toEqual(parked.toSorted())
  })

  describe('may be answered in the room', () => {
    const waiting = async (given: Partial<Action>, roles?: object) => {
      offer(given)
      const channel = await createChannel(db())
      const { roomId, worldId, entityId } = first(channel.rooms)
      const metadata = JSON.stringify({ roles: { [entityId]: roles } })
      await sql`update worlds set metadata = ${metadata}::jsonb where id = ${worldId}`.execute(db())
      await turns.parked('ORDER', {}, channel)
      return (await pendingApprovals(db(), { roomId, entityId })).map(({ action }) => action)
    }

    it.each(['OWNER', 'ADMIN'])('by the world’s %s', async (role) => {
      expect(await waiting({}, role as unknown as object)).toEqual(['ORDER'])
    })

    it('by nobody else', async () => {
      expect(await waiting({}, 'NONE' as unknown as object)).toEqual([])
      expect(await waiting({})).toEqual([])
    })

    it('by anyone if the action says so, but not by the agent itself', async () => {
      expect(await waiting({ approvableBy: 'anyone' })).toEqual(['ORDER'])
      const turn = await turns.parked('ORDER')
      const itself = { roomId: turn.roomId, entityId: turn.agentId }
      expect(await pendingApprovals(db(), itself)).toEqual([])
    })
  })

  if (kind === 'pglite') return

  it('is decided by one of many answers and cancellations at once', async () => {
    for (let round = 0; round < 5; round += 1) {
      const turn = await turns.parked('ORDER')
      const answers = await Promise.all([
        ...(['approve', 'deny', 'expire', 'approve', 'deny'] as const).map((decision) =>
          turns.answer(turn, decision, { by: decision }),
        ),
        requestCancel(db(), { turnId: turn.turnId, roomId: turn.roomId }),
      ])
      const { state, gen } = await turnRow(db(), turn.turnId)
      const approval = await turns.approvalOf(turn)
      // A cancellation behind the answer ends the generation that was queued by it.
      expect({ state, gen }).toEqual({
        ...{ state: 'cancelled', gen: approval.state === 'cancelled' ? 1 : 2 },
      })
      const winners = answers.filter((answer) => 'isOurs' in answer && answer.isOurs)
      const words = winners.map((answer) => ('approval' in answer ? answer.approval.state : ''))
      expect(new Set(words).size).toBeLessThanOrEqual(1)
    }
  })

  it('is not parked by a run that is not the turn’s', async () => {
    const turn = await turns.decided({ actions: ['ORDER'] })
    await turns.run(turn, 'ORDER')
    await sql`update turns set run_id = 'another' where id = ${turn.turnId}`.execute(db())
    expect(await turns.park(turn)).toEqual({ kind: 'refused' })
    expect(attemptOf(turn).runId).not.toBe('another')
  })
})
