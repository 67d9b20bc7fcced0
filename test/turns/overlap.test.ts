import { beforeAll, describe, expect, it } from '@jest/globals'
import type { OpenDatabase } from '../../database/open.ts'
import { DEFAULT_BURST_MS, readOverlap } from '../../schema/overlap.ts'
import type { OverlapPolicy } from '../../schema/turn.ts'
import { type Accepted, accept } from '../../turns/accept.ts'
import { loadTurn } from '../../turns/admit.ts'
import { requestCancel } from '../../turns/cancel.ts'
import { startableHead } from '../../turns/head.ts'
import { noteFailure } from '../../turns/journal.ts'
import { settle } from '../../turns/settle.ts'
import { steer } from '../../turns/steer.ts'
import { until } from '../e2e/until.ts'
import { describeDatabases } from '../support/databases.ts'
import {
  admitTurn,
  attemptOf,
  contents,
  createChannel,
  headOf,
  messageTo,
  queueTurn,
  replyTo,
  runTurn,
  settlementOf,
  type TestChannel,
  turnRow,
} from '../support/turn-fixtures.ts'

type AcceptedMessage = Extract<Accepted, { kind: 'accepted' }>

describeDatabases('a message that meets a busy room', (open) => {
  let database: OpenDatabase
  beforeAll(async () => {
    database = await open()
  })
  const db = () => database.db
  const stateOf = async (turnId: string) => (await turnRow(db(), turnId)).state

  async function send(
    channel: TestChannel,
    policy: OverlapPolicy,
    text = 'and?',
    burstMs = 60_000,
  ): Promise<AcceptedMessage & { readonly turnId: string }> {
    const accepted = await accept(db(), messageTo(channel, { text, overlap: { policy, burstMs } }))
    if (accepted.kind !== 'accepted') throw new Error(accepted.kind)
    return { ...accepted, turnId: accepted.tickets[0]?.turnId ?? '' }
  }

  it.each(['enqueue', 'reject', 'interrupt', 'rollback', 'steer', 'latest'] as const)(
    'is the head of an idle room with %s',
    async (policy) => {
      const { turnId, heads, stopped } = await send(await createChannel(db()), policy)
      expect(heads.map((head) => head.turnId)).toEqual([turnId])
      expect(stopped).toEqual([])
    },
  )

  describe('with reject', () => {
    it('is stored, and its turn ends as rejected', async () => {
      const channel = await createChannel(db())
      await runTurn(db(), channel)
      const { turnId, heads } = await send(channel, 'reject')
      expect(await turnRow(db(), turnId)).toMatchObject({ state: 'rejected', code: 'room_busy' })
      expect((await turnRow(db(), turnId)).settled_at).not.toBeNull()
      expect(heads).toEqual([])
    })

    it('does not stand in the way of the next one', async () => {
      const channel = await createChannel(db())
      const running = await runTurn(db(), channel)
      await send(channel, 'reject')
      const waiting = await queueTurn(db(), channel)
      const settled = await settle(db(), settlementOf(headOf(running)))
      expect(settled?.head).toEqual(waiting)
    })
  })

  describe.each([
    ['interrupt', true],
    ['rollback', false],
    ['latest', false],
  ] as const)('with %s', (policy, keeps) => {
    it('tells the running turn to stop, and waits until that has settled', async () => {
      const channel = await createChannel(db())
      const running = await runTurn(db(), channel)
      const { turnId, stopped, heads } = await send(channel, policy)
      expect(stopped).toEqual([{ turnId: running.turnId, gen: 1 }])
      expect(heads).toEqual([])
      expect(await turnRow(db(), running.turnId)).toMatchObject({
        ...{ state: 'running', stop_state: 'superseded', stop_keeps: keeps, answered_by: turnId },
      })

      const partial = { ...replyTo(headOf(running), 'It was a dark and') }
      const ending = { state: 'cancelled', code: 'cancelled_by_user', reply: partial } as const
      const settled = await settle(db(), settlementOf(headOf(running), ending))
      expect(settled).toMatchObject({ state: 'superseded', head: { turnId } })
      const row = await turnRow(db(), running.turnId)
      expect(row).toMatchObject({ state: 'superseded', code: 'superseded' })
      expect(row.reply_memory_id !== null).toBe(keeps)
    })

    it(`${keeps ? 'keeps' : 'takes back'} the reply of a turn that finished before it heard`, async () => {
      const channel = await createChannel(db(), { source: 'discord' })
      const running = headOf(await runTurn(db(), channel))
      await send(channel, policy)
      const reply = replyTo(running, 'Done.', 'discord')
      const settled = await settle(db(), settlementOf(running, { reply }))
      expect(settled?.state).toBe(keeps ? 'replied' : 'superseded')
      expect(settled?.hasOutbox).toBe(keeps)
    })

    it('apologises for nothing when the stopped turn fails on its way', async () => {
      const channel = await createChannel(db())
      const running = headOf(await runTurn(db(), channel))
      await send(channel, policy)
      const failed = { state: 'failed', code: 'model_unavailable' } as const
      await settle(db(), settlementOf(running, failed))
      expect(await turnRow(db(), running.turnId)).toMatchObject({
        ...{ state: 'superseded', reply_memory_id: null },
      })
    })

    it('stops a turn once', async () => {
      const channel = await createChannel(db())
      await runTurn(db(), channel)
      await send(channel, policy)
      expect((await send(channel, policy)).stopped).toEqual([])
    })
  })

  it('takes back what the rolled back turn had still to send, and nothing that was sent', async () => {
    const channel = await createChannel(db(), { source: 'discord' })
    const running = await runTurn(db(), channel)
    const { turnId, room, agentId } = running
    for (const [id, state] of [
      ['aaaaaaaa-0000-4000-8000-000000000001', 'sent'],
      ['aaaaaaaa-0000-4000-8000-000000000002', 'sending'],
      ['aaaaaaaa-0000-4000-8000-000000000003', 'pending'],
    ] as const) {
      const row = { id, room_id: room.id, agent_id: agentId, turn_id: turnId, source: 'discord' }
      await db()
        .insertInto('outbox')
        .values({ ...row, state, content: '{}' })
        .execute()
    }
    await send(channel, 'rollback')
    await settle(db(), settlementOf(headOf(running), { state: 'cancelled', reply: null }))
    const rows = await db()
      .selectFrom('outbox')
      .select('state')
      .where('turn_id', '=', turnId)
      .orderBy('id')
      .execute()
    expect(rows.map((row) => row.state)).toEqual(['sent', 'sending', 'retracted'])
  })

  it('takes the place of every waiting turn with latest', async () => {
    const channel = await createChannel(db())
    const running = await runTurn(db(), channel)
    const waiting = [await queueTurn(db(), channel), await queueTurn(db(), channel)]
    const { turnId, superseded } = await send(channel, 'latest')
    expect(superseded.map((turn) => turn.turnId)).toEqual(waiting.map((turn) => turn.turnId))
    for (const turn of waiting) {
      expect(await turnRow(db(), turn.turnId)).toMatchObject({
        ...{ state: 'superseded', answered_by: turnId },
      })
    }
    const ending = { state: 'cancelled', reply: null } as const
    const settled = await settle(db(), settlementOf(headOf(running), ending))
    expect(settled?.head?.turnId).toBe(turnId)
  })

  it('becomes the head with latest, when nobody runs yet', async () => {
    const channel = await createChannel(db())
    const queued = await queueTurn(db(), channel)
    const { turnId, heads } = await send(channel, 'latest')
    expect(heads.map((head) => head.turnId)).toEqual([turnId])
    expect(await stateOf(queued.turnId)).toBe('superseded')
  })

  it('changes nothing when it is a repeat', async () => {
    const channel = await createChannel(db())
    const overlap = { policy: 'latest', burstMs: 0 } as const
    const message = () => messageTo(channel, { externalId: 'once', overlap })
    await accept(db(), message())
    await queueTurn(db(), channel)
    const before = await contents(db())
    expect(await accept(db(), message())).toEqual({ kind: 'repeat' })
    expect(await contents(db())).toEqual(before)
  })

  describe('with merge', () => {
    it('waits for the end of the burst before it may start', async () => {
      const channel = await createChannel(db())
      const { turnId, heads, later } = await send(channel, 'merge', 'Hi', 300)
      expect(heads).toEqual([])
      expect(later).toMatchObject([{ delayMs: 300 }])
      const roomId = channel.rooms[0]?.roomId ?? ''
      const head = await until('the end of the burst', () => startableHead(db(), roomId))
      expect(head.turnId).toBe(turnId)
    })

    it('joins what the same person sent before, which is answered as one message', async () => {
      const channel = await createChannel(db())
      const { turnId } = await send(channel, 'merge', 'Hi')
      const second = await send(channel, 'merge', 'there is')
      const third = await send(channel, 'merge', 'one thing')
      expect(second.tickets).toMatchObject([{ state: 'merged', answeredBy: turnId }])
      expect(await turnRow(db(), third.turnId)).toMatchObject({
        ...{ state: 'merged', answered_by: turnId, code: null },
      })
      const turn = await admitTurn(db(), { turnId, gen: 1 })
      expect(turn.message.content.text).toBe('Hi\nthere is\none thing')
      expect(turn.message.createdAt).toBe(third.createdAt.getTime())
      expect(turn.mergedMemoryIds).toHaveLength(3)
      expect(await loadTurn(db(), turn)).toEqual(turn)
    })

    it('prolongs the burst, but not for ever', async () => {
      const channel = await createChannel(db())
      const { turnId } = await send(channel, 'merge', '1', 40_000)
      const { later } = await send(channel, 'merge', '2', 40_000)
      expect(later[0]?.delayMs).toBeGreaterThan(30_000)
      const { accepted_at, ready_at } = await turnRow(db(), turnId)
      expect(Number(ready_at) - Number(accepted_at)).toBeGreaterThan(40_000)
      // The whole burst lasts five windows at most: with a window of nothing there is nothing to wait for.
      await send(channel, 'merge', '3', 0)
      expect(await startableHead(db(), channel.rooms[0]?.roomId ?? '')).toMatchObject({ turnId })
    })

    it('has a turn of its own when the one before runs already', async () => {
      const channel = await createChannel(db())
      await runTurn(db(), channel)
      const { turnId, later } = await send(channel, 'merge', 'Hi')
      expect(await stateOf(turnId)).toBe('queued')
      expect(later).toEqual([])
      expect((await send(channel, 'merge', 'there')).tickets).toMatchObject([
        { state: 'merged', answeredBy: turnId },
      ])
    })

    it("does not join another person's turn", async () => {
      const channel = await createChannel(db())
      await queueTurn(db(), channel)
      const other = { ...channel.rooms[0], entityId: '00000000-0000-4000-8000-000000000007' }
      const message = messageTo(channel, { overlap: { policy: 'merge', burstMs: 0 } })
      const hearers = message.hearers.map((hearer) => ({ ...hearer, entityId: other.entityId }))
      expect(await accept(db(), { ...message, hearers })).toMatchObject({
        tickets: [{ state: 'queued' }],
      })
    })
  })

  describe('with steer', () => {
    const said = (turn: Awaited<ReturnType<typeof runTurn>>) => ({
      ...{ turn, messages: [{ text: 'I begin.' }], memories: [], relationships: [] },
      outboxSource: null,
    })

    it('is taken up by the running turn, whose words so far are said', async () => {
      const channel = await createChannel(db())
      const turn = await runTurn(db(), channel)
      const { turnId, steered, stopped } = await send(channel, 'steer', 'In blue, please')
      expect(steered).toEqual([{ turnId: turn.turnId, gen: 1 }])
      expect(stopped).toEqual([])

      const merged = await steer(db(), attemptOf(turn), 1, said(turn))
      expect(merged).toEqual([{ turnId, gen: 1 }])
      expect(await stateOf(turnId)).toBe('merged')
      const next = await loadTurn(db(), turn, 2)
      expect(next).toMatchObject({ rounds: 2, message: { content: { text: 'In blue, please' } } })
      expect((await loadTurn(db(), turn, 1))?.message.content.text).toBe('Hello')
      // A round that it goes on with by itself answers the same message.
      expect((await loadTurn(db(), turn, 3))?.message).toEqual(next?.message)

      const before = await contents(db())
      expect(await steer(db(), attemptOf(turn, 2), 1, said(turn))).toEqual(merged)
      expect(await contents(db())).toEqual(before)
    })

    it("does not speak in another person's turn", async () => {
      const channel = await createChannel(db())
      const turn = await runTurn(db(), channel)
      const message = messageTo(channel, { overlap: { policy: 'steer', burstMs: 0 } })
      const other = '00000000-0000-4000-8000-000000000008'
      const hearers = message.hearers.map((hearer) => ({ ...hearer, entityId: other }))
      expect(await accept(db(), { ...message, hearers })).toMatchObject({ steered: [] })
      expect(await steer(db(), attemptOf(turn), 1, said(turn))).toEqual([])
    })

    it('has a turn of its own when the running one ends before it looks', async () => {
      const channel = await createChannel(db())
      const turn = await runTurn(db(), channel)
      const { turnId } = await send(channel, 'steer')
      const settled = await settle(db(), settlementOf(headOf(turn)))
      expect(settled?.head?.turnId).toBe(turnId)
      await expect(steer(db(), attemptOf(turn), 1, said(turn))).rejects.toThrow('holds the step')
      expect(await stateOf(turnId)).toBe('queued')
    })

    it('is taken up although an attempt before failed, and noted why', async () => {
      const channel = await createChannel(db())
      const turn = await runTurn(db(), channel)
      const { turnId } = await send(channel, 'steer')
      await noteFailure(db(), attemptOf(turn), 'steer:1', 'The connection broke.')
      expect(await steer(db(), attemptOf(turn, 2), 1, said(turn))).toEqual([{ turnId, gen: 1 }])
    })

    it('is not taken up by a turn that was told to stop, which ends with what it has', async () => {
      const channel = await createChannel(db())
      const turn = await runTurn(db(), channel)
      const { turnId } = await send(channel, 'steer')
      await send(channel, 'interrupt')
      expect(await steer(db(), attemptOf(turn), 1, said(turn))).toEqual([])
      const settled = await settle(db(), settlementOf(headOf(turn)))
      expect(settled).toMatchObject({ state: 'replied', head: { turnId } })
    })

    it('writes nothing when nobody steers', async () => {
      const turn = await runTurn(db(), await createChannel(db()))
      const before = await contents(db())
      expect(await steer(db(), attemptOf(turn), 1, said(turn))).toEqual([])
      expect(await contents(db())).toEqual(before)
    })
  })

  it('keeps what is still to be sent when a cancellation kept it, whatever comes after', async () => {
    const turn = headOf(await runTurn(db(), await createChannel(db(), { source: 'discord' })))
    await requestCancel(db(), { ...turn, keepsPartial: true })
    const reply = replyTo(turn, 'Half a', 'discord')
    await settle(db(), settlementOf(turn, { state: 'cancelled', reply }))
    for (const keepsPartial of [true, false]) {
      expect((await requestCancel(db(), { ...turn, keepsPartial })).delivery).toBeUndefined()
    }
    const row = await db()
      .selectFrom('outbox')
      .select('state')
      .where('turn_id', '=', turn.turnId)
      .executeTakeFirstOrThrow()
    expect(row.state).toBe('pending')
  })

  it('keeps or retracts what was said when it is cancelled, as the first request says', async () => {
    for (const keepsPartial of [true, false]) {
      const turn = headOf(await runTurn(db(), await createChannel(db())))
      await requestCancel(db(), { ...turn, keepsPartial })
      await requestCancel(db(), { ...turn, keepsPartial: !keepsPartial })
      const reply = replyTo(turn, 'Half a')
      const settled = await settle(db(), settlementOf(turn, { state: 'cancelled', reply }))
      expect(settled?.state).toBe('cancelled')
      const { reply_memory_id } = await turnRow(db(), turn.turnId)
      expect(reply_memory_id !== null).toBe(keepsPartial)
    }
  })
})

describe('the setting', () => {
  it('is a policy, or a policy with the length of a burst', () => {
    expect(readOverlap('latest')).toEqual({ policy: 'latest', burstMs: DEFAULT_BURST_MS })
    expect(readOverlap({ policy: 'merge', burstMs: 50 })).toEqual({ policy: 'merge', burstMs: 50 })
  })

  it.each([undefined, null, 'newest', { policy: 'merge', burstMs: -1 }, { burstMs: 3 }, 7])(
    'is not read from %j',
    (given) => {
      expect(readOverlap(given)).toBeUndefined()
    },
  )
})
