import { beforeAll, beforeEach, expect, it } from '@jest/globals'
import { sql } from 'kysely'
import { createSweeperPorts } from '../../bin/sweeper-ports.ts'
import type { TemporalLink } from '../../bin/temporal-link.ts'
import type { OpenDatabase } from '../../database/open.ts'
import type { OutboxRoom } from '../../turns/outbox-abandoned.ts'
import { sweep } from '../../workers/sweeper.ts'
import { describeDatabases } from '../support/databases.ts'
import { createDeliveryBench, type DeliveryBench } from '../support/delivery-bench.ts'
import { queueTurn } from '../support/turn-fixtures.ts'

const AT_ONCE = { readyMs: 60_000, untouchedMs: 60_000, graceMs: 10_000, lateMs: 3_000 }

describeDatabases('messages that nobody sends', (open) => {
  let database: OpenDatabase
  let on: DeliveryBench
  let started: OutboxRoom[]
  let isAway = false
  beforeAll(async () => {
    database = await open()
  })
  beforeEach(async () => {
    await sql`delete from agents`.execute(database.db)
    on = createDeliveryBench(database)
    started = []
    isAway = false
  })
  /** A sweep whose deliveries run at once. */
  const run = async () => {
    const startDelivery = async ({ roomId, agentId }: OutboxRoom) => {
      if (isAway) throw new Error('Temporal is away.')
      started.push({ roomId, agentId })
      const room = { roomId, agentId, heartbeatTimeoutMs: 3_000 }
      await on.bench.attempt(1, (activities) => activities.deliverRoom(room))
    }
    const workflows = async () => ({ probe: async () => undefined })
    const link = { startDelivery, workflows } as unknown as TemporalLink // no more is used here
    await sweep(createSweeperPorts({ database, temporal: link, ports: on.bench.worker() }), AT_ONCE)
  }
  const age = () =>
    sql`update outbox set touched_at = clock_timestamp() - interval '11 s'`.execute(database.db)

  it('are sent after a while, in their order, by a delivery of their room', async () => {
    const channel = on.bench.channel()
    const turn = await on.replied('One.', channel)
    await on.replied('Two.', channel)
    await run()
    expect(started).toEqual([])
    await age()
    await run()
    expect(started).toEqual([{ roomId: turn.roomId, agentId: turn.agentId }])
    expect(on.seen()).toEqual(['One.', 'Two.'])
    await age()
    await run()
    expect(started).toHaveLength(1)
  })

  it('are sent, and seen once, although their delivery died while it sent them', async () => {
    const turn = await on.replied('One.')
    await on.dying(turn, 'shown')
    await age()
    await run()
    expect(on.seen()).toEqual(['One.'])
    expect(await on.outboxOf(turn)).toMatchObject([{ state: 'sent' }])
  })

  it('are sent at once when the sweeper itself wrote them', async () => {
    const late = await queueTurn(database.db, await on.bench.channel(), { deadlineMs: -60_000 })
    await run()
    expect(started).toEqual([{ roomId: late.roomId, agentId: late.agentId }])
    expect(on.seen()).toHaveLength(1)
  })

  it('are sent later when Temporal cannot be told now', async () => {
    isAway = true
    await queueTurn(database.db, await on.bench.channel(), { deadlineMs: -60_000 })
    await run()
    expect(on.seen()).toEqual([])
    isAway = false
    await age()
    await run()
    expect(on.seen()).toHaveLength(1)
  })
})
