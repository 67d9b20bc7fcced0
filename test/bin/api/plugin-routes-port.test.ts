import { expect, it } from '@jest/globals'
import { createPluginRoutesPort, type PluginParts } from '../../../bin/api/plugins.ts'
import { DEFAULT_LIMITS } from '../../../plugins/host/limits.ts'

const ROUTES = [
  { type: 'GET', path: '/open', public: true, plugin: 'acme', handler: () => undefined },
  { type: 'GET', path: '/closed', plugin: 'acme', handler: () => undefined },
]

/** One agent runs, `other` is stored only. */
function portOf() {
  const started: string[] = []
  const parts = {
    agents: {
      stored: async (id: string) => ({ id, row: { status: 'active', updated_at: new Date(7) } }),
      registry: { get: async (id: string) => void started.push(id) },
    },
    house: {
      host: {
        openIds: () => ['running'],
        opened: (id: string) =>
          id === 'running' || started.includes(id) ? { routes: ROUTES } : undefined,
      },
    },
  } as unknown as PluginParts // what is asked for of it
  const { find } = createPluginRoutesPort(parts)
  const ask = (name: string, agentId?: string, isAnonymous = true) =>
    find({ method: 'GET', path: `/acme/${name}`, isAnonymous, ...(agentId && { agentId }) })
  return { ask, started }
}

it('shows whoever has no token the public routes of agents that run, and starts none', async () => {
  const { ask, started } = portOf()
  expect(await ask('open', 'running')).toMatchObject({ agentId: 'running', isPublic: true })
  expect(await ask('open')).toMatchObject({ agentId: 'running' })
  expect(await ask('closed', 'running')).toBeUndefined()
  expect(await ask('open', 'other')).toBeUndefined()
  expect(started).toEqual([])
  expect(await ask('closed', 'other', false)).toMatchObject({ agentId: 'other' })
})

it('lets a route stream for longer than an hour', () => {
  expect(DEFAULT_LIMITS.timeMs.route).toBeGreaterThan(3_600_000)
})
