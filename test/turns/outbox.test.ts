import { beforeAll, expect, it } from '@jest/globals'
import { sql } from 'kysely'
import type { LoadedTurn } from '../../agent/ports.ts'
import type { OpenDatabase } from '../../database/open.ts'
import {
  endDelivery,
  leaseDelivery,
  markFailed,
  markSent,
  nextOutboxRow,
} from '../../turns/outbox.ts'
import { writeStep } from '../../turns/writes.ts'
import { describeDatabases } from '../support/databases.ts'
import { createChannel, runTurn } from '../support/turn-fixtures.ts'

describeDatabases('the outbox of a room', (open) => {
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
  const expire = (roomId: string) =>
    sql`update deliveries set until = clock_timestamp() - interval '1 ms' where room_id = ${roomId}`.execute(
      db(),
    )

  it('is emptied from its oldest message on', async () => {
    const turn = await speaking('One.', 'Two.', 'Three.')
    const roomId = turn.room.id
    await leaseDelivery(db(), roomId, 'a')
    const seen: unknown[] = []
    for (
      let row = await nextOutboxRow(db(), roomId);
      row;
      row = await nextOutboxRow(db(), roomId)
    ) {
      expect(row).toMatchObject({ source: 'loopback', channelId: turn.channelId })
      seen.push(row.content.text)
      await markSent(db(), { id: row.id, token: 'a', platformMessageId: `p-${row.id}` })
    }
    expect(seen).toEqual(['One.', 'Two.', 'Three.'])
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
  })

  it('is taken over from one who was silent for too long, and who may not go on', async () => {
    const turn = await speaking('One.')
    const roomId = turn.room.id
    const { id } = await next(roomId)
    await leaseDelivery(db(), roomId, 'a')
    await expire(roomId)
    expect(await leaseDelivery(db(), roomId, 'b')).toBe(true)
    expect(await leaseDelivery(db(), roomId, 'a')).toBe(false)
    expect(await markSent(db(), { id, token: 'a', platformMessageId: 'late' })).toBe(false)
    expect(await endDelivery(db(), roomId, 'a')).toBe(false)
    expect(await markSent(db(), { id, token: 'b', platformMessageId: 'right' })).toBe(true)
  })

  it('is kept by its holder when messages came meanwhile', async () => {
    const turn = await speaking('One.')
    const roomId = turn.room.id
    await leaseDelivery(db(), roomId, 'a')
    expect(await endDelivery(db(), roomId, 'a')).toBe(false)
    expect(await leaseDelivery(db(), roomId, 'b')).toBe(false)
    const { id } = await next(roomId)
    await markSent(db(), { id, token: 'a', platformMessageId: 'p-1' })
    expect(await endDelivery(db(), roomId, 'a')).toBe(true)
    expect(await leaseDelivery(db(), roomId, 'b')).toBe(true)
  })

  it('goes on behind a message that was refused for good', async () => {
    const turn = await speaking('One.', 'Two.')
    const { id } = await next(turn.room.id)
    await markFailed(db(), id, 'The channel is gone\u0000.')
    expect((await next(turn.room.id)).content.text).toBe('Two.')
    const row = await db().selectFrom('outbox').selectAll().where('id', '=', id).executeTakeFirst()
    expect(row).toMatchObject({ state: 'failed', attempts: 1, error: 'The channel is gone\ufffd.' })
  })

  it('does not send again, or fail, what was sent', async () => {
    const turn = await speaking('One.')
    const { id } = await next(turn.room.id)
    await leaseDelivery(db(), turn.room.id, 'a')
    await markSent(db(), { id, token: 'a', platformMessageId: 'p-1' })
    await markFailed(db(), id, 'Too late.')
    expect(await markSent(db(), { id, token: 'a', platformMessageId: 'p-2' })).toBe(false)
    const row = await db().selectFrom('outbox').selectAll().where('id', '=', id).executeTakeFirst()
    expect(row).toMatchObject({ state: 'sent', platform_message_id: 'p-1', error: null })
  })
})
