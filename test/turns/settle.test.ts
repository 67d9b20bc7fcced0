import { beforeAll, describe, expect, it } from '@jest/globals'
import { sql } from 'kysely'
import type { OpenDatabase } from '../../database/open.ts'
import { setAgentStatus } from '../../memory/agents.ts'
import type { HeadTurn } from '../../schema/turn.ts'
import { noteFailure } from '../../turns/journal.ts'
import { settle } from '../../turns/settle.ts'
import { takeOver } from '../../turns/sweep.ts'
import { noteEvaluator } from '../../turns/writes.ts'
import { describeDatabases } from '../support/databases.ts'
import {
  admitTurn,
  attemptOf,
  contents,
  createChannel,
  headOf,
  queueTurn,
  replyTo,
  runTurn,
  settlementOf,
  turnRow,
} from '../support/turn-fixtures.ts'

describeDatabases('settling a turn', (open) => {
  let database: OpenDatabase
  beforeAll(async () => {
    database = await open()
  })
  const db = () => database.db
  /** A running turn, and one that waits behind it. */
  const twoTurns = async () => {
    const channel = await createChannel(db())
    const turn = await runTurn(db(), channel)
    return { turn, head: headOf(turn), next: await queueTurn(db(), channel) }
  }
  const runningHead = async () => headOf(await runTurn(db(), await createChannel(db())))
  const end = (turn: HeadTurn, given?: Parameters<typeof settlementOf>[1]) =>
    settle(db(), settlementOf(turn, given))
  const rowsOf = async (table: 'messages' | 'memories' | 'outbox', { turnId }: HeadTurn) =>
    (await db().selectFrom(table).selectAll().where('turn_id', '=', turnId).execute()) as unknown[]

  it('commits the reply with the outcome', async () => {
    const turn = await runTurn(db(), await createChannel(db()))
    const reply = replyTo(turn, 'Good morning.', 'loopback')
    const settled = await end(headOf(turn), { reply })

    expect(settled).toMatchObject({ state: 'replied', isFirst: true, seq: 1, hasOutbox: true })
    expect(await turnRow(db(), turn.turnId)).toMatchObject({
      ...{ state: 'replied', code: null, error: null, reply_memory_id: reply.memoryId },
    })
    expect(await rowsOf('messages', headOf(turn))).toMatchObject([
      {
        ...{ id: reply.messageId, author_id: turn.agentId, content: 'Good morning.' },
        ...{ in_reply_to: turn.messageId, source_type: 'agent_response' },
        metadata: { thought: 'Polite.', actions: ['REPLY'] },
      },
    ])
    expect(await rowsOf('memories', headOf(turn))).toHaveLength(2)
    expect(await rowsOf('outbox', headOf(turn))).toMatchObject([
      { id: reply.messageId, source: 'loopback', state: 'pending', content: reply.content },
    ])
  })

  it('says nothing and sends nothing when there is no reply', async () => {
    const turn = await runningHead()
    const settled = await end(turn, { state: 'ignored', reply: null })
    expect(settled).toMatchObject({ state: 'ignored', hasOutbox: false })
    expect(await rowsOf('messages', turn)).toEqual([])
    expect(await rowsOf('memories', turn)).toHaveLength(1)
    expect(await rowsOf('outbox', turn)).toEqual([])
  })

  describe('when it runs again', () => {
    it('changes nothing, and names the next turn every time', async () => {
      const { head, next } = await twoTurns()
      const reply = replyTo(head, 'Good morning.', 'loopback')
      const firstTime = await end(head, { reply })
      const before = await contents(db())
      const again = await end(head, { reply, attempt: 2, token: 'run-1/settle/2' })

      expect(firstTime?.head).toEqual(next)
      expect(again).toEqual({ ...firstTime, isFirst: false })
      expect(await contents(db())).toEqual(before)
    })

    it('names the next turn to the one that finds its work done after a death before the start', async () => {
      const { head, next } = await twoTurns()
      await end(head) // The process dies here: the next turn was never started.
      const again = await end(head, { attempt: 2 })
      expect(again?.head).toEqual(next)
      await admitTurn(db(), next)
      expect((await end(head, { attempt: 3 }))?.head).toBeUndefined()
    })

    it('keeps the first outcome, whatever the second one says', async () => {
      const turn = await runningHead()
      await end(turn)
      const before = await contents(db())
      const reply = replyTo(turn, 'Sorry.')
      const again = await end(turn, { state: 'failed', code: 'internal', reply })
      expect(again).toMatchObject({ state: 'replied', isFirst: false })
      expect(await contents(db())).toEqual(before)
    })
  })

  it('changes nothing for a generation that is over, and names the one that waits', async () => {
    const turn = await runningHead()
    await takeOver(db(), turn)
    const before = await contents(db())
    const settled = await end(turn)
    expect(settled).toMatchObject({ state: 'queued', isFirst: false })
    expect(settled?.head).toEqual({ ...turn, gen: 2 })
    expect(await contents(db())).toEqual(before)
  })

  it('leaves a turn alone that waits for an answer: no Workflow has a say in it any more', async () => {
    const turn = await queueTurn(db(), await createChannel(db()))
    const parked = { state: 'waiting_approval' } as const
    await db().updateTable('turns').set(parked).where('id', '=', turn.turnId).execute()
    const before = await contents(db())
    const settled = await end(turn, { state: 'failed', code: 'workflow_lost' })
    expect(settled).toMatchObject({ state: 'waiting_approval', isFirst: false })
    expect(await contents(db())).toEqual(before)
  })

  it('ends a turn that is queued', async () => {
    const turn = await queueTurn(db(), await createChannel(db()))
    const reply = replyTo(turn, 'Sorry.')
    const settled = await end(turn, { state: 'timed_out', code: 'deadline_exceeded', reply })
    expect(settled).toMatchObject({ state: 'timed_out', isFirst: true })
    expect(await turnRow(db(), turn.turnId)).toMatchObject({ state: 'timed_out' })
  })

  it('says nothing of a turn that was deleted', async () => {
    const turn = await runningHead()
    await sql`delete from agents where id = ${turn.agentId}`.execute(db())
    expect(await end(turn)).toBeUndefined()
  })

  describe('the next turn', () => {
    it('is not named while its agent is stopped, and is ready when the agent runs again', async () => {
      const { head, next } = await twoTurns()
      await setAgentStatus(db(), head.agentId, 'inactive')
      expect((await end(head))?.head).toBeUndefined()
      expect((await turnRow(db(), next.turnId)).ready_at).not.toBeNull()
      await setAgentStatus(db(), head.agentId, 'active')
      expect((await end(head))?.head).toEqual(next)
    })

    it('is the oldest that waits', async () => {
      const channel = await createChannel(db())
      const turn = headOf(await runTurn(db(), channel))
      const waiting = [await queueTurn(db(), channel), await queueTurn(db(), channel)]
      expect((await end(turn))?.head).toEqual(waiting[0])
    })

    it('is not named while the one ahead of it runs', async () => {
      const { next } = await twoTurns()
      const settled = await end(next, { state: 'timed_out', reply: null })
      expect(settled).toMatchObject({ isFirst: true, head: undefined })
    })
  })

  it('tells the person what went wrong, and the operator why', async () => {
    const turn = await runTurn(db(), await createChannel(db()))
    await noteFailure(db(), attemptOf(turn), 'decide', 'The vendor answered 401.')
    const reply = replyTo(turn, 'Sorry, something went wrong.')
    await end(headOf(turn), { state: 'failed', code: 'model_rejected', reply })
    expect(await turnRow(db(), turn.turnId)).toMatchObject({
      ...{ state: 'failed', code: 'model_rejected', error: 'The vendor answered 401.' },
    })
    expect(await rowsOf('messages', headOf(turn))).toMatchObject([{ content: reply.content.text }])
  })

  it('shows as done in the journal, also after tries that failed', async () => {
    const turn = await runTurn(db(), await createChannel(db()))
    await noteFailure(db(), attemptOf(turn), 'settle', 'Postgres was away.')
    await end(headOf(turn), { attempt: 2 })
    const step = await db()
      .selectFrom('steps')
      .select(['state', 'attempt', 'error'])
      .where('turn_id', '=', turn.turnId)
      .where('step', '=', 'settle')
      .executeTakeFirst()
    expect(step).toEqual({ state: 'done', attempt: 2, error: null })
  })

  it('tells of rows that earlier turns of the room left in the outbox', async () => {
    const { head, next } = await twoTurns()
    await end(head, { reply: replyTo(head, 'One.', 'loopback') })
    await admitTurn(db(), next)
    const settled = await end(next, { state: 'ignored', reply: null })
    expect(settled?.hasOutbox).toBe(true)
  })

  it('tells how far the evaluators of the room have looked', async () => {
    const turn = await runTurn(db(), await createChannel(db()))
    await noteEvaluator(db(), { ...turn, seq: 9 }, 'REFLECTION')
    await noteEvaluator(db(), { ...turn, seq: 4 }, 'REFLECTION')
    expect((await end(headOf(turn)))?.evaluatorRuns).toEqual({ REFLECTION: 9 })
  })
})
