import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { sql } from 'kysely'
import type { OpenDatabase } from '../../database/open.ts'
import { createGatewayLeases, type GatewayLeases } from '../../tasks/gateway-lease.ts'
import { createGateways } from '../../tasks/gateways.ts'
import { describeDatabases } from '../support/databases.ts'
import { eventually } from '../support/eventually.ts'
import { createAgent } from './task-fixtures.ts'

describeDatabases('leases of agents’ sockets', (open) => {
  let database: OpenDatabase
  let agentId: string
  beforeAll(async () => {
    database = await open()
  })
  beforeEach(async () => {
    agentId = await createAgent(database.db)
  })
  const leases = () => createGatewayLeases(database.db)
  const silence = (seconds: number) =>
    sql`update gateways set until = until - ${seconds} * interval '1 second'`.execute(database.db)

  it('give an agent to one of two processes that ask at the same time', async () => {
    const held = await Promise.all(['a', 'b'].map((holder) => leases().take(holder, [agentId])))
    expect(held.flat()).toEqual([agentId])
  })

  it('pass to another process when the holder was silent for 12 seconds, and not before', async () => {
    await leases().take('a', [agentId])
    await silence(8)
    expect(await leases().take('b', [agentId])).toEqual([])
    await silence(5)
    expect(await leases().take('b', [agentId])).toEqual([agentId])
    expect(await leases().take('a', [agentId])).toEqual([])
  })

  it('pass at once when the holder leaves, and never to an agent that is stopped', async () => {
    await leases().take('a', [agentId])
    await leases().leave('a', [agentId])
    expect(await leases().take('b', [agentId])).toEqual([agentId])
    await sql`update agents set status = 'inactive' where id = ${agentId}`.execute(database.db)
    expect(await leases().take('b', [agentId])).toEqual([])
  })
})

describe('a process that holds sockets', () => {
  function bench(take: GatewayLeases['take']) {
    const told: string[] = []
    const clock = { now: 0 }
    const leases = { take, leave: async () => void told.push('left') }
    const seat = {
      onHeld: async () => void told.push('held'),
      onLost: async () => void told.push('lost'),
    }
    const gateways = createGateways({
      ...{ leases, holder: 'me', log: () => {}, now: () => clock.now, intervalMs: 1 },
    })
    return { told, clock, seat, gateways }
  }

  it('opens them once, and closes them when another one took over', async () => {
    let isMine = true
    const { told, seat, gateways } = bench(async (_holder, agents) => (isMine ? agents : []))
    expect(await gateways.join('agent', seat)).toBe(true)
    const ending = new AbortController()
    const running = gateways.run(ending.signal)
    isMine = false
    await eventually(() => told.includes('lost'))
    expect(gateways.holds('agent')).toBe(false)
    isMine = true
    await eventually(() => told.length === 3)
    ending.abort()
    await running
    expect(told).toEqual(['held', 'lost', 'held', 'lost', 'left'])
  })

  it('closes them before others may open theirs when it cannot reach the database', async () => {
    let isAway = false
    const { told, clock, seat, gateways } = bench(async (_holder, agents) => {
      if (isAway) throw new Error('Postgres cannot be reached.')
      return agents
    })
    await gateways.join('agent', seat)
    isAway = true
    clock.now = 9_999
    expect(gateways.holds('agent')).toBe(true)
    clock.now = 10_000 // of the 12 seconds
    expect(gateways.holds('agent')).toBe(false)
    const ending = new AbortController()
    const running = gateways.run(ending.signal)
    await eventually(() => told.includes('lost'))
    ending.abort()
    await running
    expect(told).toEqual(['held', 'lost'])
  })

  it('opens nothing for an agent that another process holds', async () => {
    const { told, seat, gateways } = bench(async () => [])
    expect(await gateways.join('agent', seat)).toBe(false)
    expect(told).toEqual([])
  })
})
