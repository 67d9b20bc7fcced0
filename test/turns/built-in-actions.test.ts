import { beforeAll, beforeEach, expect, it } from '@jest/globals'
import type { Ports } from '../../agent/ports.ts'
import type { OpenDatabase } from '../../database/open.ts'
import type { JsonObject } from '../../schema/json.ts'
import type { TurnInput } from '../../schema/turn.ts'
import { describeDatabases } from '../support/databases.ts'
import { createLoopbackConnector } from '../support/loopback-connector.ts'
import { createStepBench, type StepBench } from '../support/step-bench.ts'
import { createChannel, first, headOf, runTurn } from '../support/turn-fixtures.ts'

describeDatabases('a built-in action', (open) => {
  let database: OpenDatabase
  let bench: StepBench
  let decision: JsonObject
  let deliveries: { roomId: string; agentId: string }[]
  let startDelivery: Ports['startDelivery']

  beforeAll(async () => {
    database = await open()
  })

  beforeEach(() => {
    decision = {}
    deliveries = []
    startDelivery = async (room) => void deliveries.push(room)
    const connector = createLoopbackConnector()
    bench = createStepBench({ database, connector, tamper })
  })

  /** As if the model had decided so. */
  const tamper = (ports: Ports): Ports => ({
    ...ports,
    startDelivery,
    journal: {
      ...ports.journal,
      read: async (turn, step) => (step === 'decide' ? decision : ports.journal.read(turn, step)),
    },
  })

  const run = (turn: TurnInput, action: string, attempt = 1) =>
    bench.attempt(attempt, (activities) => activities.runAction(turn, { ordinal: 0, action }))

  it('mutes the room in the same transaction as its result, so that the next message is ignored', async () => {
    const channel = await createChannel(database.db, { source: 'loopback' })
    await database.db
      .updateTable('rooms')
      .set({ type: 'GROUP' })
      .where('id', '=', first(channel.rooms).roomId)
      .execute()
    const turn = await bench.turn(channel)
    decision = { actions: ['MUTE_ROOM'], reply: 'As you like.' }
    await run(turn, 'MUTE_ROOM')
    const state = () =>
      database.db
        .selectFrom('participants')
        .select('state')
        .where('room_id', '=', turn.roomId)
        .where('entity_id', '=', turn.agentId)
        .executeTakeFirstOrThrow()
    expect(await state()).toEqual({ state: 'MUTED' })
    await bench.attempt(1, (steps) => steps.settle(turn, { kind: 'ignored' }))
    const next = headOf(await runTurn(database.db, channel, { text: 'Hello?' }))
    const input = { ...next, heartbeatTimeoutMs: 3_000 }
    expect(await bench.attempt(1, (steps) => steps.shouldRespond(input))).toBe('ignore')
  })

  it('writes once into the outbox of the other room, and has it delivered at once', async () => {
    const channel = await createChannel(database.db, { source: 'loopback' })
    const here = first(channel.rooms)
    const other = await createChannel(database.db, {
      ...{ source: 'loopback', agentIds: [here.agentId] },
    })
    const there = first(other.rooms)
    await database.db
      .insertInto('participants')
      .values({ room_id: there.roomId, entity_id: here.entityId, agent_id: here.agentId })
      .execute()
    const turn = await bench.turn(channel)
    const parameters = { SEND_MESSAGE: { target: other.channelId, text: 'Dinner is ready.' } }
    decision = { actions: ['SEND_MESSAGE'], reply: 'I told them.', parameters }
    await run(turn, 'SEND_MESSAGE')
    await run(turn, 'SEND_MESSAGE', 2)
    const rows = await database.db
      .selectFrom('outbox')
      .select(['content', 'source', 'state'])
      .where('room_id', '=', there.roomId)
      .execute()
    expect(rows).toMatchObject([
      { source: 'loopback', state: 'pending', content: { text: 'Dinner is ready.' } },
    ])
    const messages = await database.db
      .selectFrom('messages')
      .select('content')
      .where('channel_id', '=', other.channelId)
      .execute()
    expect(messages).toEqual([{ content: 'Dinner is ready.' }])
    expect(deliveries).toEqual([{ roomId: there.roomId, agentId: here.agentId }])
  })

  it('has done its work although the delivery could not be started', async () => {
    const channel = await createChannel(database.db, { source: 'loopback' })
    const here = first(channel.rooms)
    const other = await createChannel(database.db, {
      ...{ source: 'loopback', agentIds: [here.agentId] },
    })
    const { roomId } = first(other.rooms)
    await database.db
      .insertInto('participants')
      .values({ room_id: roomId, entity_id: here.entityId, agent_id: here.agentId })
      .execute()
    startDelivery = async () => {
      throw new Error('Temporal is away.')
    }
    const turn = await bench.turn(channel)
    const parameters = { SEND_MESSAGE: { target: roomId, text: 'Hello there.' } }
    decision = { actions: ['SEND_MESSAGE'], parameters }
    expect(await run(turn, 'SEND_MESSAGE')).toBe('done')
    expect(bench.warnings.join()).toContain('Temporal is away.')
  })
})
