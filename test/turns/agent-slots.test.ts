import { beforeAll, expect, it } from '@jest/globals'
import { sql } from 'kysely'
import type { OpenDatabase } from '../../database/open.ts'
import { setAgentStatus } from '../../memory/agents.ts'
import type { HeadTurn } from '../../schema/turn.ts'
import { fillPlaces, takePlace } from '../../turns/agent-slots.ts'
import { settle } from '../../turns/settle.ts'
import { findLateTurns } from '../../turns/sweep.ts'
import { describeDatabases } from '../support/databases.ts'
import {
  admitTurn,
  createAgent,
  createChannel,
  queueTurn,
  settlementOf,
} from '../support/turn-fixtures.ts'

describeDatabases('the places of an agent', (open) => {
  let database: OpenDatabase
  beforeAll(async () => {
    database = await open()
  })
  const db = () => database.db

  /** Heads of as many rooms of one agent, the oldest first. */
  async function headsOf(count: number) {
    const agentId = await createAgent(db())
    const heads: HeadTurn[] = []
    for (let n = 0; n < count; n += 1) {
      const channel = await createChannel(db(), { agentIds: [agentId] })
      heads.push(await queueTurn(db(), channel))
    }
    return { agentId, heads }
  }
  const ids = (heads: readonly HeadTurn[]) => heads.map(({ turnId }) => turnId)
  const take = (head: HeadTurn | undefined, most: number) => {
    if (!head) throw new Error('There is no head.')
    return takePlace(db(), head, most)
  }

  it('are given to the oldest, and no turn is started beyond them', async () => {
    const { heads } = await headsOf(3)
    const started: HeadTurn[] = []
    for (const head of heads) started.push(...(await take(head, 2)))
    expect(ids(started).toSorted()).toEqual(ids(heads.slice(0, 2)).toSorted())
    expect(await fillPlaces(db(), 2)).toEqual([])
  })

  it('are given to many who ask at once, and never to more', async () => {
    const { heads } = await headsOf(6)
    const given = await Promise.all(heads.map((head) => take(head, 2)))
    expect(given.flat()).toHaveLength(2)
  })

  it('become free when a turn ends, and are taken by who waits', async () => {
    const { heads } = await headsOf(2)
    const [first, second] = heads
    if (!first || !second) throw new Error('There are two heads.')
    const started = [...(await take(first, 1)), ...(await take(second, 1))]
    expect(ids(started)).toEqual([first.turnId])
    await admitTurn(db(), first)
    expect(await fillPlaces(db(), 1)).toEqual([])
    await settle(db(), settlementOf(first))
    expect(ids(await fillPlaces(db(), 1))).toEqual([second.turnId])
  })

  it('are not looked for by the sweeper, whose starts would go beyond them', async () => {
    const { heads } = await headsOf(2)
    for (const head of heads) await take(head, 1)
    await sql`update turns set ready_at = ready_at - interval '1 hour'
      where id = any(${ids(heads)}::uuid[])`.execute(db())
    const limits = { readyMs: 0, untouchedMs: 1e6, graceMs: 1e6, lateMs: 1e6 }
    const found = await findLateTurns(db(), limits)
    const ready = ids(found?.ready ?? []).filter((id) => ids(heads).includes(id))
    expect(ready).toHaveLength(1)
    for (const head of heads)
      await settle(db(), settlementOf(head, { state: 'cancelled', reply: null }))
  })

  it('of a stopped agent stay free until it runs again', async () => {
    const { agentId, heads } = await headsOf(2)
    for (const head of heads) await take(head, 1)
    const [first] = heads
    if (!first) throw new Error('There is a head.')
    await admitTurn(db(), first)
    await setAgentStatus(db(), agentId, 'inactive')
    await settle(db(), settlementOf(first))
    expect(await fillPlaces(db(), 1)).toEqual([])
    await setAgentStatus(db(), agentId, 'active')
    expect(await fillPlaces(db(), 1)).toHaveLength(1)
  })
})
