import { expect, it } from '@jest/globals'
import { createPools, type PoolLoad, poolAgentId } from '../../orchestrator/pools.ts'

const id = (n: number) => poolAgentId('support', n)

/** A pool of one to three agents, in memory. */
function poolHouse(autoScale = true, minAgents = 1) {
  const loads = new Map<string, PoolLoad>()
  const homes = new Map<string, string>()
  const clock = { now: 0 }
  const change = (agentId: string, load: Partial<PoolLoad>) =>
    loads.set(agentId, { isActive: true, open: 0, ...loads.get(agentId), ...load })
  const pools = createPools(
    { support: { minAgents, maxAgents: 3, character: { name: 'Help' }, autoScale } },
    {
      loads: () => loads,
      add: async (_pool, agentId) => void change(agentId, { isActive: true }),
      retire: async (agentId) => void change(agentId, { isActive: false }),
      homeOf: async (channelId) => homes.get(channelId),
      move: async (channelId, _from, to) => void homes.set(channelId, to),
      now: () => clock.now,
    },
  )
  const active = () => [1, 2, 3].filter((n) => loads.get(id(n))?.isActive)
  return { pools, homes, clock, change, active }
}

it('a pool begins with as many agents as it needs at least', async () => {
  const { pools, active } = poolHouse(false, 2)
  await pools.open()
  expect(active()).toEqual([1, 2])
})

it('a busy pool grows by one agent at a time, and never beyond its most', async () => {
  const { pools, active, change } = poolHouse()
  await pools.open()
  for (const [n, expected] of [
    [1, [1, 2]],
    [2, [1, 2, 3]],
    [3, [1, 2, 3]],
  ] as const) {
    change(id(n), { open: 6 })
    await pools.scale()
    expect(active()).toEqual(expected)
  }
})

it('an agent is retired when it was idle for a minute, the newest first, and never below the least', async () => {
  const { pools, active, clock, change } = poolHouse()
  await pools.open()
  change(id(1), { open: 6 })
  await pools.scale()
  change(id(1), { open: 0 })
  await pools.scale()
  clock.now = 59_000
  await pools.scale()
  expect(active()).toEqual([1, 2])
  change(id(2), { open: 1 }) // it works again: its minute begins anew
  await pools.scale()
  change(id(2), { open: 0 })
  change(id(1), { open: 1 })
  clock.now = 61_000
  await pools.scale()
  expect(active()).toEqual([1, 2])
  clock.now = 121_000
  await pools.scale()
  expect(active()).toEqual([1])
  change(id(1), { open: 0 })
  clock.now = 500_000
  for (let look = 0; look < 3; look += 1) await pools.scale()
  expect(active()).toEqual([1])
})

it('a pool that does not scale keeps its number, whatever the load', async () => {
  const { pools, active, change } = poolHouse(false)
  await pools.open()
  change(id(1), { open: 50 })
  await pools.scale()
  expect(active()).toEqual([1])
})

it('a message goes to the agent with the least to do, and a channel keeps its agent', async () => {
  const { pools, change } = poolHouse(false, 2)
  await pools.open()
  change(id(1), { open: 3 })
  expect(await pools.route('support', 'channel A')).toBe(id(2))
  change(id(2), { open: 9 })
  expect(await pools.route('support', 'channel A')).toBe(id(2))
  expect(await pools.route('support', 'channel B')).toBe(id(1))
})

it('two first messages of a channel at once find one agent', async () => {
  const { pools } = poolHouse(false, 2)
  await pools.open()
  const both = ['channel A', 'channel A'].map((channel) => pools.route('support', channel))
  const [first, second] = await Promise.all(both)
  expect(second).toBe(first)
  expect(await pools.route('support', 'channel B')).not.toBe(first)
})

it('a channel gets its retired agent back, or another one when the pool is full', async () => {
  const { pools, homes, active } = poolHouse()
  await pools.open()
  homes.set('old channel', id(3))
  expect(await pools.route('support', 'old channel')).toBe(id(3))
  expect(active()).toEqual([1, 3])

  const full = poolHouse(true, 3)
  await full.pools.open()
  full.homes.set('old channel', 'an agent that is gone')
  const chosen = await full.pools.route('support', 'old channel')
  expect([id(1), id(2), id(3)]).toContain(chosen)
  expect(full.homes.get('old channel')).toBe(chosen)
})

it('a pool that nobody configured is named', async () => {
  const { pools } = poolHouse()
  await expect(pools.route('sales', 'channel')).rejects.toThrow("no agent pool 'sales'")
})
