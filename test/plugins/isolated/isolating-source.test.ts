import { copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from '@jest/globals'
import { isolatingSource } from '../../../plugins/isolated/isolating-source.ts'
import { findPlugin, type PluginPlace } from '../../../plugins/load/plugin-place.ts'
import type { HostedAgent } from '../../../plugins/plugin-host.ts'
import type { Runtime } from '../../../plugins/runtime.ts'

const FOLDER = join(import.meta.dirname, 'fixture')
const quiet = () => undefined

const agentOf = (grant: unknown): HostedAgent => ({
  id: 'agent',
  character: { name: 'Ada', bio: 'x', plugins: ['knowledge'], secrets: { CITY: 'canary' } },
  version: 1,
  settings: { pluginPermissions: { strange: grant }, secrets: { CITY: 'London' } },
})

const project = realpathSync(mkdtempSync(join(tmpdir(), 'turnkeeper-isolating-')))
afterAll(() => rmSync(project, { recursive: true }))
const folders = { projectFolder: project, dataFolder: join(project, 'data') }
const inProject = (asked: string) => findPlugin(asked, { ...folders, characterFolders: [] })

function sourceOf(imported: string[], findPlace?: (asked: string) => PluginPlace) {
  return isolatingSource(
    {
      async load(asked) {
        imported.push(asked)
        return { plugin: { name: asked }, version: null, folder: null }
      },
    },
    {
      findPlace:
        findPlace ??
        (() => ({
          ...{ folder: FOLDER, entry: join(FOLDER, 'index.js'), version: '1.0.0', isOwn: true },
        })),
      folders,
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
  // Others of those that it asks for would be imported into this process.
  expect(plugin.dependencies).toEqual(['@elizaos/plugin-knowledge'])
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

const write = (path: string, text: string) => {
  mkdirSync(join(project, path, '..'), { recursive: true })
  writeFileSync(join(project, path), text)
}

it('gives the sources of a package what its package was granted', async () => {
  write('plugins/strange/package.json', '{"name": "strange", "type": "module"}')
  write('plugins/strange/src/index.ts', `export { default } from '../lib/own.ts'`)
  write('plugins/strange/lib/own.ts', `export default { name: 'any', actions: [] }`)
  const imported: string[] = []
  const source = sourceOf(imported, inProject)
  const agent = agentOf({ process: 'isolated' })
  const { plugin, isIsolated } = await source.load('./plugins/strange/src/index.ts', agent)
  expect([plugin.name, isIsolated, imported]).toEqual(['strange', true, []])
  await source.end()
})

it('lets a single file read nothing beside it, and none whose folder holds keys', async () => {
  write('package.json', '{"type": "module"}')
  write('.env', 'KEY=canary')
  copyFileSync(join(FOLDER, 'index.js'), join(project, 'strange.js'))
  const source = sourceOf([], inProject)
  const agent = agentOf({ process: 'isolated' })
  const { plugin } = await source.load('./strange.js', agent)
  const content = { trick: 'read', path: join(project, '.env') }
  const message = { entityId: 'e', roomId: 'r', content }
  const runtime = {} as Runtime // it is not asked
  const reading = plugin.actions?.[0]?.handler(runtime, message, undefined, {}, async () => [])
  await expect(reading).rejects.toThrow(/Access to this API/)
  await source.end()
  write('plugins/strange/.env', 'KEY=canary')
  await expect(source.load('./plugins/strange', agent)).rejects.toThrow(/\.env' lies in its folder/)
})
