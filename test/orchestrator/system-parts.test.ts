import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import type { OpenDatabase } from '../../database/open.ts'
import type { House } from '../../orchestrator/house.ts'
import { poolPorts, type SystemPorts } from '../../orchestrator/system-ports.ts'
import { watchSystem } from '../../orchestrator/system-watch.ts'
import { settle } from '../../turns/settle.ts'
import { openTestPglite } from '../support/databases.ts'
import { eventually } from '../support/eventually.ts'
import {
  createAgent,
  createChannel,
  headOf,
  runTurn,
  settlementOf,
} from '../support/turn-fixtures.ts'

let database: OpenDatabase
beforeAll(async () => {
  database = await openTestPglite()
})
afterAll(() => database.close())

type Told = [type: string, data: unknown]

/** Looks at the real rows of turns, and at nothing else. */
function watch(refresh: () => Promise<void> = async () => undefined) {
  const told: Told[] = []
  const failed: string[] = []
  const seen = { looks: 0, scaled: 0 }
  const watched = watchSystem({
    db: database.db,
    roster: {
      get: () => undefined,
      all: () => [],
      async refresh() {
        seen.looks += 1
        await refresh()
      },
    },
    pools: {
      ...{ has: () => false, open: async () => undefined, standing: () => ({}) },
      route: async () => '',
      async scale() {
        seen.scaled += 1
      },
    },
    cluster: () => undefined,
    emit: (type, data) => void told.push([type, data]),
    onError: (_error, what) => void failed.push(what),
  })
  return { watched, told, failed, seen }
}

it('a turn that ends badly is told once; one that ends well, or ended before, is not', async () => {
  const channel = await createChannel(database.db)
  const end = async (state: 'failed' | 'replied') => {
    const turn = headOf(await runTurn(database.db, channel))
    const how = { code: 'model_rejected', error: 'The key is wrong.', reply: null } as const
    await settle(database.db, settlementOf(turn, state === 'failed' ? { state, ...how } : {}))
    return turn
  }
  await end('failed')
  const { watched, told, seen } = watch()
  await end('replied')
  const { turnId, agentId } = await end('failed')
  await eventually(() => seen.scaled > 1)
  await watched.stop()
  const data = { agentId, turnId, code: 'model_rejected', error: 'The key is wrong.' }
  expect(told.filter(([type]) => type !== 'system:overloaded')).toEqual([['agent:error', data]])
})

it('an outage is told once for as long as it lasts, and scaling waits for its end', async () => {
  const { watched, failed, seen } = watch(async () => Promise.reject(new Error('Away.')))
  await eventually(() => seen.looks > 1)
  await watched.stop()
  expect([failed.length, seen.scaled]).toEqual([1, 0])
})

it("a pool's channel moves as a whole: in with the one agent, out with the other", async () => {
  const agentIds = [await createAgent(database.db), await createAgent(database.db)]
  const [from = '', to = ''] = agentIds
  const { channelId } = await createChannel(database.db, { agentIds: [from] })
  const did: string[] = []
  const channels = {
    addAgent: async (id: string, agentId: string) => void did.push(`add ${id} ${agentId}`),
    removeAgent: async (id: string, agentId: string) => void did.push(`remove ${id} ${agentId}`),
  } as Partial<SystemPorts['channels']> as SystemPorts['channels'] // all that a move calls
  const assembly = { db: database.db } as House['assembly'] // all that is read of it
  const acts = { all: () => [], add: async () => undefined, retire: async () => undefined }
  const ports = poolPorts({ channels }, { assembly }, acts)
  await ports.move(channelId, from, to)
  expect(did).toEqual([`add ${channelId} ${to}`, `remove ${channelId} ${from}`])
  expect(await ports.homeOf(channelId, agentIds)).toBe(from)
  expect(await ports.homeOf(channelId, [to])).toBeUndefined()
  expect(await ports.homeOf(randomUUID(), agentIds)).toBeUndefined()
})

it("a pool sees its agents' turns, those that run and those that wait", () => {
  const info = { character: {}, createdAt: 0, updatedAt: 0, name: 'Ada' }
  const ports = poolPorts(
    { channels: {} as SystemPorts['channels'] }, // not asked
    { assembly: {} as House['assembly'] },
    {
      all: () => [
        { ...info, id: 'a', status: 'error', running: 1, queued: 2 },
        { ...info, id: 'b', status: 'inactive', running: 0, queued: 0 },
      ],
      add: async () => undefined,
      retire: async () => undefined,
    },
  )
  expect(Object.fromEntries(ports.loads())).toEqual({
    a: { isActive: true, open: 3 },
    b: { isActive: false, open: 0 },
  })
})
