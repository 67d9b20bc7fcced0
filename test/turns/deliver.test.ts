import { beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals'
import type { OpenDatabase } from '../../database/open.ts'
import { leaseDelivery } from '../../turns/outbox.ts'
import { retractPending } from '../../turns/outbox-retract.ts'
import { describeDatabases } from '../support/databases.ts'
import { createDeliveryBench, type DeliveryBench } from '../support/delivery-bench.ts'

describeDatabases('delivering to a chat platform', (open) => {
  let database: OpenDatabase
  let on: DeliveryBench
  beforeAll(async () => {
    database = await open()
  })
  beforeEach(() => {
    on = createDeliveryBench(database)
  })

  it('shows the reply once, however often the step runs', async () => {
    const turn = await on.replied('Good morning.')
    await on.deliver(turn, 1)
    await on.deliver(turn, 1)
    await on.deliver(turn, 2)
    expect(on.seen()).toEqual(['Good morning.'])
    expect(on.connector.calls()).toBe(1)
    expect(await on.outboxOf(turn)).toMatchObject([
      { state: 'sent', platform_message_id: 'platform-1', attempts: 1, maybe_twice: false },
    ])
  })

  it('shows what earlier turns of the room left behind first', async () => {
    const channel = on.bench.channel()
    const older = await on.replied('One.', channel)
    const newer = await on.replied('Two.', channel)
    await on.deliver(newer)
    expect(on.seen()).toEqual(['One.', 'Two.'])
    await on.deliver(older)
    expect(on.connector.calls()).toBe(2)
  })

  it('shows what waits in a room without a turn that would send it', async () => {
    const { roomId, agentId } = await on.replied('One.')
    await on.bench.attempt(1, (activities) =>
      activities.deliverRoom({ roomId, agentId, heartbeatTimeoutMs: 3_000 }),
    )
    expect(on.seen()).toEqual(['One.'])
  })

  it('tries again when the platform is away, and keeps the order', async () => {
    const channel = on.bench.channel()
    await on.replied('One.', channel)
    const turn = await on.replied('Two.', channel)
    on.connector.mishaps.push('unreachable')
    expect(await on.failure(on.deliver(turn, 1))).toMatchObject({
      ...{ type: 'connector_failed', message: 'connector_failed', nonRetryable: false },
      nextRetryDelay: 200,
    })
    expect(on.seen()).toEqual([])
    expect(await on.outboxOf(turn)).toMatchObject([{ state: 'pending' }, { state: 'pending' }])
    await on.wait()
    await on.deliver(turn, 2)
    expect(on.seen()).toEqual(['One.', 'Two.'])
  })

  it('goes on behind a message that the platform refuses for good', async () => {
    const channel = on.bench.channel()
    await on.replied('One.', channel)
    const turn = await on.replied('Two.', channel)
    on.connector.mishaps.push('refused for good')
    await on.deliver(turn)
    expect(on.seen()).toEqual(['Two.'])
    expect(await on.outboxOf(turn)).toMatchObject([
      { state: 'failed', error: 'channel_gone: The platform refused.' },
      { state: 'sent' },
    ])
  })

  it('leaves the room to the delivery that holds it, and comes back, later each time', async () => {
    const turn = await on.replied('Good morning.')
    await leaseDelivery(database.db, turn.roomId, 'another')
    const refusals = [await on.failure(on.deliver(turn, 1)), await on.failure(on.deliver(turn, 4))]
    expect(refusals).toMatchObject([
      { type: 'connector_failed', nonRetryable: false, nextRetryDelay: 300 },
      { nextRetryDelay: 2_400 },
    ])
    expect(on.connector.calls()).toBe(0)
    await on.wait()
    await on.deliver(turn, 5)
    expect(on.seen()).toEqual(['Good morning.'])
  })

  it('shows a message that is settled while another one is sent', async () => {
    const channel = on.bench.channel()
    const turn = await on.replied('One.', channel)
    on.connector.mishaps.push(async () => void (await on.replied('Two.', channel)))
    await on.deliver(turn)
    expect(on.seen()).toEqual(['One.', 'Two.'])
  })

  it('never shows what was taken back before it was begun', async () => {
    const channel = on.bench.channel()
    const turn = await on.replied('One.', channel)
    const second = await on.replied('Two.', channel)
    on.connector.mishaps.push(async () => void (await retractPending(database.db, second.turnId)))
    await on.deliver(turn)
    expect(on.seen()).toEqual(['One.'])
    expect(await on.outboxOf(turn)).toMatchObject([{ state: 'sent' }, { state: 'retracted' }])
  })

  it('settles a message for a platform that is not there, and one without words', async () => {
    const channel = on.bench.channel()
    await on.replied('Good morning.', channel, 'telegraph')
    const turn = await on.replied(' \n', channel)
    await on.deliver(turn)
    expect(await on.outboxOf(turn)).toMatchObject([
      { state: 'failed', error: expect.stringContaining("'telegraph'") },
      { state: 'failed', error: expect.stringContaining('empty') },
    ])
  })

  it('cuts off a platform that does not answer, and asks again', async () => {
    const hurried = { unknownSends: 'repeat', sendLimitMs: 30 } as const
    on = createDeliveryBench(database, { sending: hurried })
    const turn = await on.replied('One.')
    on.connector.mishaps.push(() => new Promise(() => {}))
    expect(await on.failure(on.deliver(turn, 1))).toMatchObject({ type: 'connector_failed' })
    expect(await on.outboxOf(turn)).toMatchObject([{ state: 'sending', error: 'unknown' }])
    await on.wait()
    await on.deliver(turn, 2)
    expect(on.seen()).toEqual(['One.'])
  })

  describe('that asks for silence', () => {
    const limited = (scope: 'room' | 'account') =>
      ({ kind: 'rate limited', scope, retryAfterMs: 60_000 }) as const

    it('is left alone by the room until then', async () => {
      const turn = await on.replied('One.')
      const other = await on.replied('Two.')
      on.connector.mishaps.push(limited('room'))
      expect(await on.failure(on.deliver(turn, 1))).toMatchObject({ nextRetryDelay: 60_000 })
      const again = await on.failure(on.deliver(turn, 2))
      expect(again?.nextRetryDelay).toBeGreaterThan(50_000)
      expect(on.connector.calls()).toBe(1)
      await on.deliver(other)
      expect(on.seen()).toEqual(['Two.'])
      await on.wait()
      await on.deliver(turn, 3)
      expect(on.seen()).toEqual(['Two.', 'One.'])
    })

    it('is left alone by every room of the account, and by no other account', async () => {
      const turn = await on.replied('One.')
      const neighbour = await on.replied('Two.')
      on.connector.mishaps.push(limited('account'))
      await on.failure(on.deliver(turn))
      const waiting = await on.failure(on.deliver(neighbour))
      expect(waiting?.nextRetryDelay).toBeGreaterThan(50_000)
      expect(on.connector.calls()).toBe(1)
      const stranger = createDeliveryBench(database, { account: 'another' })
      await stranger.deliver(await stranger.replied('Three.'))
      expect(stranger.seen()).toEqual(['Three.'])
      await on.wait()
    })
  })

  describe('in parts', () => {
    const text = 'First paragraph.\n\nSecond paragraph.\n\nThird one.'
    const parts = ['First paragraph.', 'Second paragraph.', 'Third one.']
    beforeEach(() => {
      on = createDeliveryBench(database, { caps: { maxLength: 24 } })
    })

    it('shows each once, in order, although the process died between two of them', async () => {
      const turn = await on.replied(text)
      let marks = 0
      on.tamper((ports) => ({
        ...ports,
        outbox: {
          ...ports.outbox,
          shown: async (...given) => {
            marks += 1
            if (marks === 2) throw new Error('The process is dead.')
            return ports.outbox.shown(...given)
          },
        },
      }))
      await on.failure(on.deliver(turn, 1))
      expect(on.seen()).toEqual(parts.slice(0, 2))
      on.tamper((ports) => ports)
      await on.wait()
      await on.deliver(turn, 2)
      expect(on.seen()).toEqual(parts)
      const keys = on.connector.log().map(({ key }) => key)
      expect(keys).toHaveLength(4)
      expect(keys[1]).toBe(keys[2])
      expect(Math.max(...keys.map((key) => key.length))).toBeLessThanOrEqual(25)
    })

    it('is split as it was at first, although the platform takes longer ones now', async () => {
      const turn = await on.replied(text)
      await on.dying(turn, 'shown')
      const roomier = createDeliveryBench(database, { caps: { maxLength: 2000 } })
      await roomier.deliver(turn, 2)
      expect(roomier.seen()).toEqual(parts)
    })

    it('keeps the rest back while a part could not be sent', async () => {
      const turn = await on.replied(text)
      on.connector.mishaps.push(async () => undefined, 'unreachable')
      await on.failure(on.deliver(turn, 1))
      expect(on.seen()).toEqual(parts.slice(0, 1))
      await on.wait()
      await on.deliver(turn, 2)
      expect(on.seen()).toEqual(parts)
    })
  })

  describe('by a process that was paused and is presumed dead', () => {
    it('shows nothing more, and changes nothing', async () => {
      const channel = on.bench.channel()
      await on.replied('One.', channel)
      const turn = await on.replied('Two.', channel)
      on.connector.mishaps.push(async () => {
        await on.wait() // it is paused in mid-call
        expect(await leaseDelivery(database.db, turn.roomId, 'another')).toBe(true)
      })
      expect(await on.failure(on.deliver(turn, 1))).toMatchObject({ type: 'connector_failed' })
      expect(on.seen()).toEqual(['One.'])
      expect(await on.outboxOf(turn)).toMatchObject([{ state: 'sending' }, { state: 'pending' }])
      await on.wait()
      await on.deliver(turn, 2)
      expect(on.seen()).toEqual(['One.', 'Two.'])
    })

    it('does not call the platform when it wakes up, even one that knows no keys', async () => {
      on = createDeliveryBench(database, { caps: { dedup: 'none' } })
      const turn = await on.replied('One.')
      let pausedMs = 0
      const now = performance.now.bind(performance)
      const clock = jest.spyOn(performance, 'now').mockImplementation(() => now() + pausedMs)
      on.tamper((ports) => ({
        ...ports,
        outbox: {
          ...ports.outbox,
          begin: async (call) => {
            const begun = await ports.outbox.begin(call)
            pausedMs = 30_000
            await on.wait()
            on.tamper((given) => given)
            await on.deliver(turn, 2)
            return begun
          },
        },
      }))
      await on.failure(on.deliver(turn, 1))
      clock.mockRestore()
      expect(on.seen()).toEqual(['One.'])
      expect(on.connector.calls()).toBe(1)
    })
  })
})
