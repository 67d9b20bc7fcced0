import { beforeAll, describe, expect, it } from '@jest/globals'
import { sql } from 'kysely'
import type { Drain, PartCall } from '../../agent/outbox.ts'
import type { LoadedTurn } from '../../agent/ports.ts'
import type { OpenDatabase } from '../../database/open.ts'
import { endDelivery, leaseDelivery, leaveDelivery, nextOutboxRow } from '../../turns/outbox.ts'
import { abandonedRooms } from '../../turns/outbox-abandoned.ts'
import { beginCall, failRow, noteShown, postponeCall } from '../../turns/outbox-calls.ts'
import { retractPending } from '../../turns/outbox-retract.ts'
import { writeStep } from '../../turns/writes.ts'
import { describeDatabases } from '../support/databases.ts'
import { admitTurn, createChannel, queueTurn, runTurn } from '../support/turn-fixtures.ts'

const LATER = { reason: 'unreachable', isUnshown: true, scope: 'room' } as const

describeDatabases('the outbox of a room', (open, kind) => {
  let database: OpenDatabase
  beforeAll(async () => {
    database = await open()
  })
  const db = () => database.db
  const roomOf = async () => (await runTurn(db(), await createChannel(db()))).room.id
  const speaking = async (...texts: string[]) => {
    const turn = await runTurn(db(), await createChannel(db()))
    await say(turn, 'runAction:0', ...texts)
    return turn
  }
  const say = (turn: LoadedTurn, step: string, ...texts: string[]) => {
    const messages = texts.map((text) => ({ text }))
    const writes = { messages, memories: [], relationships: [] }
    return writeStep(db(), { turn, step, outboxSource: 'loopback' }, writes)
  }
  const next = async (roomId: string) => {
    const row = await nextOutboxRow(db(), roomId)
    if (!row) throw new Error('The outbox is empty.')
    return row
  }
  /** A call about the first part of the room's oldest message, by a drain that holds the lease. */
  const callOf = async (roomId: string, given: Partial<PartCall> = {}): Promise<PartCall> => {
    const { id: rowId, source } = await next(roomId)
    const call = { roomId, token: 'a', rowId, part: 0, source, account: '', maxLength: 2000 }
    await leaseDelivery(db(), roomId, given.token ?? call.token)
    return { ...call, isFresh: false, isRisky: false, ...given }
  }
  const shown = (call: PartCall, isLast = true, platformMessageId = `p-${call.part}`) =>
    noteShown(db(), call, { platformMessageId, state: 'sent', isLast })
  const expire = (roomId: string) =>
    sql`update deliveries set until = clock_timestamp() - interval '1 ms' where room_id = ${roomId}`.execute(
      db(),
    )
  const takeOver = async ({ roomId }: Pick<Drain, 'roomId'>, token: string) => {
    await expire(roomId)
    expect(await leaseDelivery(db(), roomId, token)).toBe(true)
  }
  const rowOf = (id: string) =>
    db().selectFrom('outbox').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
  const stateOf = async (id: string) => (await rowOf(id)).state

  it('is emptied from its oldest message on', async () => {
    const turn = await speaking('One.', 'Two.', 'Three.')
    const roomId = turn.room.id
    const seen: unknown[] = []
    while (await nextOutboxRow(db(), roomId)) {
      const row = await next(roomId)
      expect(row).toMatchObject({ source: 'loopback', room: { externalId: turn.channelId } })
      seen.push(row.content.text)
      const call = await callOf(roomId)
      await beginCall(db(), call)
      await shown(call)
    }
    expect(seen).toEqual(['One.', 'Two.', 'Three.'])
  })

  it('knows a room and the answered message by the names of the platform', async () => {
    const channel = await createChannel(db())
    await db()
      .updateTable('channels')
      .set({ source_id: 'C-42' })
      .where('id', '=', channel.channelId)
      .execute()
    const turn = await admitTurn(db(), await queueTurn(db(), channel, { externalId: 'M-7' }))
    await say(turn, 'runAction:0', 'One.')
    expect(await next(turn.room.id)).toMatchObject({ room: { externalId: 'C-42' }, replyTo: 'M-7' })
  })

  it('holds what a step said once, although the step was written twice', async () => {
    const turn = await speaking('One.')
    await say(turn, 'runAction:0', 'One.')
    const { rows } = await sql`select 1 from outbox where room_id = ${turn.room.id}`.execute(db())
    expect(rows).toHaveLength(1)
  })

  it('is emptied by one at a time', async () => {
    const roomId = await roomOf()
    expect(await leaseDelivery(db(), roomId, 'a')).toBe(true)
    expect(await leaseDelivery(db(), roomId, 'b')).toBe(false)
    expect(await leaseDelivery(db(), roomId, 'a')).toBe(true)
    expect(await leaseDelivery(db(), await roomOf(), 'b')).toBe(true)
    await leaveDelivery(db(), roomId, 'b')
    expect(await leaseDelivery(db(), roomId, 'b')).toBe(false)
    await leaveDelivery(db(), roomId, 'a')
    expect(await leaseDelivery(db(), roomId, 'b')).toBe(true)
  })

  it('is kept by its holder while messages wait, those that are being sent included', async () => {
    const roomId = (await speaking('One.')).room.id
    const call = await callOf(roomId)
    expect(await endDelivery(db(), roomId, 'a')).toBe(false)
    await beginCall(db(), call)
    expect(await endDelivery(db(), roomId, 'a')).toBe(false)
    await shown(call)
    expect(await endDelivery(db(), roomId, 'a')).toBe(true)
    expect(await leaseDelivery(db(), roomId, 'b')).toBe(true)
  })

  describe('taken over from one who was silent for too long', () => {
    it('is not changed any more by whatever that one writes', async () => {
      const roomId = (await speaking('One.')).room.id
      const late = await callOf(roomId)
      await beginCall(db(), late)
      await takeOver(late, 'b')
      const before = await rowOf(late.rowId)
      expect(await beginCall(db(), late)).toEqual({ kind: 'fenced' })
      expect(await shown(late)).toBe(false)
      expect(await postponeCall(db(), late, LATER)).toEqual({ kind: 'fenced' })
      expect(await failRow(db(), late, 'Too late.')).toBe(false)
      expect(await leaseDelivery(db(), roomId, 'a')).toBe(false)
      expect(await endDelivery(db(), roomId, 'a')).toBe(false)
      expect(await rowOf(late.rowId)).toEqual(before)
      expect((await next(roomId)).parts[0]).toMatchObject({ state: 'open' })
      expect(await shown({ ...late, token: 'b' })).toBe(true)
    })

    it('hands over a call of which nobody knows whether it was shown', async () => {
      const roomId = (await speaking('One.')).room.id
      expect((await next(roomId)).parts).toEqual({})
      await beginCall(db(), await callOf(roomId))
      const { parts } = await next(roomId)
      expect(parts[0]).toMatchObject({ state: 'open', platformMessageId: null })
      expect(parts[0]?.unknownForMs).toBeGreaterThanOrEqual(0)
    })
  })

  describe('a message in parts', () => {
    it('goes on behind the last part that was shown, split as it was at first', async () => {
      const roomId = (await speaking('One. Two.')).room.id
      const call = await callOf(roomId, { maxLength: 20 })
      await beginCall(db(), call)
      await shown(call, false)
      const row = await next(roomId)
      expect(row).toMatchObject({
        ...{ id: call.rowId, maxLength: 20 },
        parts: { 0: { state: 'sent', platformMessageId: 'p-0', unknownForMs: null } },
      })
      await beginCall(db(), { ...call, part: 1 })
      await shown({ ...call, part: 1 })
      expect(await rowOf(call.rowId)).toMatchObject({
        ...{ state: 'sent', platform_message_id: 'p-0', attempts: 2 },
      })
    })

    it('keeps the time of its first unknown call, until it is known that nothing was shown', async () => {
      const roomId = (await speaking('One.')).room.id
      const call = await callOf(roomId)
      const backdate = sql`update outbox_parts set unknown_since = unknown_since - interval '1 minute'`
      await beginCall(db(), call)
      await backdate.execute(db())
      await beginCall(db(), call)
      expect((await next(roomId)).parts[0]?.unknownForMs).toBeGreaterThan(59_000)
      await postponeCall(db(), call, { ...LATER, isUnshown: false })
      expect((await next(roomId)).parts[0]?.unknownForMs).toBeGreaterThan(59_000)
      await endPauses(roomId)
      await beginCall(db(), { ...call, isFresh: true })
      expect((await next(roomId)).parts[0]?.unknownForMs).toBeLessThan(59_000)
      await postponeCall(db(), call, LATER)
      expect((await next(roomId)).parts[0]?.unknownForMs).toBeNull()
    })
  })

  const endPauses = (roomId: string) =>
    sql`delete from connector_pauses where room in ('', ${roomId})`.execute(db())

  describe('a message that could not be sent', () => {
    it('makes everybody wait, longer after each failure, and waits as pending', async () => {
      const roomId = (await speaking('One.')).room.id
      const call = await callOf(roomId)
      const waits: number[] = []
      for (let failures = 0; failures < 8; failures += 1) {
        expect(await beginCall(db(), call)).toEqual({ kind: 'begun' })
        const postponed = await postponeCall(db(), call, LATER)
        if (postponed.kind === 'waiting') waits.push(postponed.ms)
        expect(await stateOf(call.rowId)).toBe('pending')
        await endPauses(roomId)
      }
      expect(waits).toEqual([200, 400, 800, 1_600, 3_200, 6_400, 12_800, 15_000])
    })

    it('waits as long as the platform said: the room, or every room of the account', async () => {
      const [mine, other, foreign] = await Promise.all(
        ['One.', 'Two.', 'Three.'].map(async (text) => (await speaking(text)).room.id),
      )
      const account = 'bot-1'
      const call = await callOf(mine ?? '', { account })
      const neighbour = await callOf(other ?? '', { account })
      const stranger = await callOf(foreign ?? '', { account: 'bot-2' })
      await beginCall(db(), call)
      const told = { ...LATER, retryAfterMs: 40_000 }
      expect(await postponeCall(db(), call, told)).toEqual({ kind: 'waiting', ms: 40_000 })
      expect(await beginCall(db(), call)).toEqual({ kind: 'paused', ms: expect.any(Number) })
      expect(await rowOf(call.rowId)).toMatchObject({ state: 'pending', attempts: 1 })
      expect(await beginCall(db(), neighbour)).toEqual({ kind: 'begun' })
      await postponeCall(db(), neighbour, { ...told, scope: 'account' })
      expect(await beginCall(db(), { ...stranger })).toEqual({ kind: 'begun' })
      await endRoomPause(mine)
      expect(await beginCall(db(), call)).toMatchObject({ kind: 'paused' })
    })

    const endRoomPause = (roomId = '') =>
      sql`delete from connector_pauses where room = ${roomId}`.execute(db())

    it('stays on its way when some of it may have been seen', async () => {
      const roomId = (await speaking('One.')).room.id
      const call = await callOf(roomId)
      await beginCall(db(), call)
      await shown(call, false)
      await beginCall(db(), { ...call, part: 1 })
      await postponeCall(db(), { ...call, part: 1 }, LATER)
      expect(await stateOf(call.rowId)).toBe('sending')
    })

    it('fails after an hour, and the room goes on', async () => {
      const roomId = (await speaking('One.', 'Two.')).room.id
      const call = await callOf(roomId)
      await beginCall(db(), call)
      await sql`update outbox set tried_at = tried_at - interval '61 minutes' where id = ${call.rowId}`.execute(
        db(),
      )
      expect(await postponeCall(db(), call, LATER)).toEqual({ kind: 'given up' })
      expect(await rowOf(call.rowId)).toMatchObject({
        ...{ state: 'failed', error: 'gave_up: unreachable' },
      })
      expect((await next(roomId)).content.text).toBe('Two.')
    })

    it('is settled with the reason when it was refused for good', async () => {
      const roomId = (await speaking('One.', 'Two.')).room.id
      const call = await callOf(roomId)
      await beginCall(db(), call)
      expect(await failRow(db(), call, 'channel_gone: Invite the bot\u0000.')).toBe(true)
      expect(await rowOf(call.rowId)).toMatchObject({
        ...{ state: 'failed', attempts: 1, error: 'channel_gone: Invite the bot\ufffd.' },
      })
      expect((await next(roomId)).content.text).toBe('Two.')
    })
  })

  it('does not change what was sent', async () => {
    const roomId = (await speaking('One.')).room.id
    const call = await callOf(roomId)
    await beginCall(db(), call)
    await shown(call)
    expect(await failRow(db(), call, 'Too late.')).toBe(false)
    expect(await beginCall(db(), call)).toEqual({ kind: 'gone' })
    expect(await rowOf(call.rowId)).toMatchObject({ state: 'sent', error: null, attempts: 1 })
  })

  describe('what a turn takes back', () => {
    it('is never sent, unless it was on its way', async () => {
      const turn = await speaking('One.', 'Two.', 'Three.')
      const roomId = turn.room.id
      const first = await callOf(roomId)
      await beginCall(db(), first)
      await shown(first)
      const second = await callOf(roomId)
      await beginCall(db(), second)
      const taken = await retractPending(db(), turn.turnId)
      expect(taken).toEqual({ retracted: 1, sending: 1, sent: 1 })
      await shown(second)
      expect(await nextOutboxRow(db(), roomId)).toBeUndefined()
      expect(await endDelivery(db(), roomId, 'a')).toBe(true)
    })

    it('is not begun any more by a drain that had read it before', async () => {
      const turn = await speaking('One.')
      const call = await callOf(turn.room.id)
      await retractPending(db(), turn.turnId)
      expect(await beginCall(db(), call)).toEqual({ kind: 'gone' })
      expect(await rowOf(call.rowId)).toMatchObject({ state: 'retracted', attempts: 0 })
    })

    if (kind === 'pglite') return

    it('is not begun by a drain that asks while it is being taken back', async () => {
      const turn = await speaking('One.')
      const call = await callOf(turn.room.id)
      let begun: ReturnType<typeof beginCall> | undefined
      await db()
        .transaction()
        .execute(async (trx) => {
          await retractPending(trx, turn.turnId)
          begun = beginCall(db(), call)
          await waitingForLock()
        })
      expect(await begun).toEqual({ kind: 'gone' })
      expect(await stateOf(call.rowId)).toBe('retracted')
    })

    it('goes out when its drain had begun it a moment before', async () => {
      const turn = await speaking('One.')
      const call = await callOf(turn.room.id)
      let taken: ReturnType<typeof retractPending> | undefined
      await db()
        .transaction()
        .execute(async (trx) => {
          await beginCall(trx, call)
          taken = retractPending(db(), turn.turnId)
          await waitingForLock()
        })
      expect(await taken).toEqual({ retracted: 0, sending: 1, sent: 0 })
    })

    const waitingForLock = async () => {
      const isWaiting = async () => {
        const { rows } = await sql`
          select 1 from pg_stat_activity where datname = current_database()
            and wait_event_type = 'Lock'`.execute(db())
        return rows.length > 0
      }
      for (const limit = Date.now() + 10_000; !(await isWaiting()); )
        if (Date.now() > limit) throw new Error('Nobody waits for a lock.')
    }
  })

  describe('that nobody empties', () => {
    const abandoned = async () =>
      (await db().transaction().execute(abandonedRooms)).map(({ roomId }) => roomId)
    const age = ({ room }: LoadedTurn) =>
      sql`update outbox set touched_at = clock_timestamp() - interval '11 s' where room_id = ${room.id}`.execute(
        db(),
      )

    it('is found once it is old enough, and not again at once', async () => {
      const turn = await speaking('One.', 'Two.')
      expect(await abandoned()).not.toContain(turn.room.id)
      await age(turn)
      expect((await abandoned()).filter((id) => id === turn.room.id)).toHaveLength(1)
      expect(await abandoned()).not.toContain(turn.room.id)
    })

    it('is found with a message that was being sent, but not while a drain lives', async () => {
      const turn = await speaking('One.')
      await beginCall(db(), await callOf(turn.room.id))
      await age(turn)
      expect(await abandoned()).not.toContain(turn.room.id)
      await expire(turn.room.id)
      expect(await abandoned()).toContain(turn.room.id)
    })

    it('is not found while the platform wants nothing', async () => {
      const turn = await speaking('One.')
      const call = await callOf(turn.room.id)
      await beginCall(db(), call)
      await postponeCall(db(), call, { ...LATER, retryAfterMs: 60_000 })
      await age(turn)
      await expire(turn.room.id)
      expect(await abandoned()).not.toContain(turn.room.id)
    })

    it('is not found when everything has ended', async () => {
      const turn = await speaking('One.')
      await retractPending(db(), turn.turnId)
      await age(turn)
      expect(await abandoned()).not.toContain(turn.room.id)
    })
  })
})
