import { beforeAll, beforeEach, expect, it } from '@jest/globals'
import { ApplicationFailure } from '@temporalio/common'
import { sql } from 'kysely'
import type { OpenDatabase } from '../../database/open.ts'
import type { TurnInput } from '../../schema/turn.ts'
import { leaseDelivery } from '../../turns/outbox.ts'
import { settle } from '../../turns/settle.ts'
import { describeDatabases } from '../support/databases.ts'
import { createLoopbackConnector, type LoopbackConnector } from '../support/loopback-connector.ts'
import { createStepBench, type StepBench } from '../support/step-bench.ts'
import { replyTo, settlementOf } from '../support/turn-fixtures.ts'

describeDatabases('delivering to a chat platform', (open) => {
  let database: OpenDatabase
  let connector: LoopbackConnector
  let bench: StepBench
  beforeAll(async () => {
    database = await open()
  })
  beforeEach(() => {
    connector = createLoopbackConnector()
    bench = createStepBench({ database, connector })
  })
  const deliver = (turn: TurnInput, attempt = 1) =>
    bench.attempt(attempt, (activities) => activities.deliver(turn))
  const failure = (work: Promise<unknown>) =>
    work.then(
      () => undefined,
      (error: unknown) => (error instanceof ApplicationFailure ? error : undefined),
    )
  const seen = () => connector.visible.map(({ text }) => text)
  const replied = async (text: string, channel = bench.channel()) => {
    const turn = await bench.turn(await channel)
    const reply = replyTo(turn, text, connector.source)
    await settle(database.db, settlementOf(turn, { reply }))
    return turn
  }
  const expireLease = ({ roomId }: TurnInput) =>
    sql`update deliveries set until = clock_timestamp() - interval '1 ms' where room_id = ${roomId}`.execute(
      database.db,
    )
  const outboxOf = ({ roomId }: TurnInput) =>
    database.db
      .selectFrom('outbox')
      .select(['state', 'attempts', 'platform_message_id', 'error'])
      .where('room_id', '=', roomId)
      .orderBy('seq')
      .execute()

  it('shows the reply once, however often the step runs', async () => {
    const turn = await replied('Good morning.')
    await deliver(turn, 1)
    await deliver(turn, 1)
    await deliver(turn, 2)
    expect(seen()).toEqual(['Good morning.'])
    expect(connector.calls()).toBe(1)
    expect(await outboxOf(turn)).toMatchObject([
      { state: 'sent', platform_message_id: 'platform-1', attempts: 1 },
    ])
  })

  it('shows what earlier turns of the room left behind first', async () => {
    const channel = bench.channel()
    const older = await replied('One.', channel)
    const newer = await replied('Two.', channel)
    await deliver(newer)
    expect(seen()).toEqual(['One.', 'Two.'])
    await deliver(older)
    expect(connector.calls()).toBe(2)
  })

  it('tries again when the platform is away, and keeps the order', async () => {
    const channel = bench.channel()
    await replied('One.', channel)
    const turn = await replied('Two.', channel)
    connector.mishaps.push('unreachable')
    expect(await failure(deliver(turn, 1))).toMatchObject({
      ...{ type: 'connector_failed', message: 'connector_failed', nonRetryable: false },
    })
    expect(seen()).toEqual([])
    await expireLease(turn)
    await deliver(turn, 2)
    expect(seen()).toEqual(['One.', 'Two.'])
  })

  it('shows a message once whose sender died before he noted it', async () => {
    const turn = await replied('Good morning.')
    connector.mishaps.push('lost answer')
    await failure(deliver(turn, 1))
    expect(await outboxOf(turn)).toMatchObject([{ state: 'pending' }])
    await expireLease(turn)
    await deliver(turn, 2)
    expect(connector.calls()).toBe(2)
    expect(seen()).toEqual(['Good morning.'])
    expect(await outboxOf(turn)).toMatchObject([{ state: 'sent' }])
  })

  it('goes on behind a message that the platform refuses for good', async () => {
    const channel = bench.channel()
    await replied('One.', channel)
    const turn = await replied('Two.', channel)
    connector.mishaps.push('refused for good')
    await deliver(turn)
    expect(seen()).toEqual(['Two.'])
    expect(await outboxOf(turn)).toMatchObject([
      { state: 'failed', error: 'The channel is gone.' },
      { state: 'sent' },
    ])
  })

  it('leaves the room to the delivery that holds it, and comes back', async () => {
    const turn = await replied('Good morning.')
    await leaseDelivery(database.db, turn.roomId, 'another')
    const refused = await failure(deliver(turn, 1))
    expect(refused).toMatchObject({ type: 'connector_failed', nonRetryable: false })
    expect(refused?.nextRetryDelay).toBeDefined()
    expect(connector.calls()).toBe(0)
    await expireLease(turn)
    await deliver(turn, 2)
    expect(seen()).toEqual(['Good morning.'])
  })

  it('shows a message that is settled while another one is sent', async () => {
    const channel = bench.channel()
    const turn = await replied('One.', channel)
    connector.mishaps.push(async () => void (await replied('Two.', channel)))
    await deliver(turn)
    expect(seen()).toEqual(['One.', 'Two.'])
  })

  it('shows nothing more once another delivery has taken the room over', async () => {
    const channel = bench.channel()
    await replied('One.', channel)
    const turn = await replied('Two.', channel)
    connector.mishaps.push(async () => {
      // The sender is paused in mid-call and presumed dead.
      await expireLease(turn)
      expect(await leaseDelivery(database.db, turn.roomId, 'another')).toBe(true)
    })
    expect(await failure(deliver(turn, 1))).toMatchObject({ type: 'connector_failed' })
    expect(seen()).toEqual(['One.'])
    expect(await outboxOf(turn)).toMatchObject([{ state: 'pending' }, { state: 'pending' }])
    await expireLease(turn)
    await deliver(turn, 2)
    expect(seen()).toEqual(['One.', 'Two.'])
  })

  it('settles a message for a platform that is not there', async () => {
    const turn = await bench.turn()
    const reply = replyTo(turn, 'Good morning.', 'telegraph')
    await settle(database.db, settlementOf(turn, { reply }))
    await deliver(turn)
    expect(await outboxOf(turn)).toMatchObject([
      { state: 'failed', error: expect.stringContaining("'telegraph'") },
    ])
  })
})
