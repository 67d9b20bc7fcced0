import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { isolatingSource } from '../../../plugins/isolated/isolating-source.ts'
import type { HostedAgent } from '../../../plugins/plugin-host.ts'
import type { Runtime } from '../../../plugins/runtime.ts'

const FOLDER = join(import.meta.dirname, 'fixture')
const quiet = () => undefined

const agentOf = (grant: unknown): HostedAgent => ({
  id: 'agent',
  character: { name: 'Ada', bio: 'x', secrets: { CITY: 'canary' } },
  version: 1,
  settings: { pluginPermissions: { strange: grant }, secrets: { CITY: 'London' } },
})

function sourceOf(imported: string[]) {
  return isolatingSource(
    {
      async load(asked) {
        imported.push(asked)
        return { plugin: { name: asked }, version: null, folder: null }
      },
    },
    {
      findPlace: () => ({
        ...{ folder: FOLDER, entry: join(FOLDER, 'index.js'), version: '1.0.0', isOwn: true },
      }),
      isPublicAddress: () => false,
      log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    },
  )
}

it('imports no plugin that is granted a process of its own, and ends the process with the agent', async () => {
  const imported: string[] = []
  const source = sourceOf(imported)
  await source.load('@acme/plugin-strange', agentOf({ hosts: [] }))
  expect(imported).toEqual(['@acme/plugin-strange'])
  const grant = { process: 'isolated', secrets: ['CITY'] }
  const { plugin, version, folder } = await source.load('@acme/plugin-strange', agentOf(grant))
  expect([imported.length, version, folder]).toEqual([1, '1.0.0', FOLDER])
  // Whatever it calls itself: it has what was granted to it by this name.
  expect([plugin.name, plugin.permissions]).toEqual([
    'strange',
    expect.objectContaining({ rooms: 'turn', secrets: ['CITY'] }),
  ])
  const runtime = { getMemories: async () => [] } as unknown as Runtime // all that is asked for
  const trick = () =>
    plugin.actions?.[0]?.handler(
      runtime,
      { entityId: 'e', roomId: 'r', content: { trick: 'memory' } },
      undefined,
      {},
      async () => [],
    )
  expect(await trick()).toMatchObject({ data: ['London', []] })
  await source.end('agent')
  await expect(trick()).rejects.toThrow(/'@acme\/plugin-strange' was stopped/)
})

it('knows a plugin that is named by a path by its folder and its package', async () => {
  const source = sourceOf([])
  for (const name of ['fixture', 'isolated-fixture']) {
    const agent = agentOf(undefined)
    const settings = { pluginPermissions: { [name]: { process: 'isolated' } } }
    const { plugin } = await source.load('./plugins/fixture', { ...agent, settings })
    expect([plugin.name, plugin.permissions]).toEqual([
      name,
      expect.objectContaining({ hosts: [], secrets: [] }),
    ])
  }
  await source.end()
})
