import { expect, it } from '@jest/globals'
import { findPlugins } from '../../../plugins/host/load-plugins.ts'
import type { LoadedPlugin } from '../../../plugins/plugin-host.ts'

const loaded = (name: string, more: Partial<LoadedPlugin['plugin']> = {}): LoadedPlugin => ({
  ...{ plugin: { name, ...more }, version: null, folder: null },
})

async function find(list: readonly LoadedPlugin[], isolated: readonly string[] = []) {
  const asked: string[] = []
  const source = {
    async load(name: string) {
      asked.push(name)
      const found = list.find(({ plugin }) => plugin.name === name)
      if (!found) throw new Error(`no '${name}'`)
      return found
    },
  }
  const names = list.slice(0, 1).map(({ plugin }) => plugin.name)
  const no = () => undefined
  const wishes = { names, given: [], isolated, supersededBy: no, replacedBy: no }
  return { asked, found: await findPlugins(source, wishes, (text) => text) }
}

it('imports no path that a plugin depends on', async () => {
  const needs = ['/outside/evil.js', './evil.js', 'sky']
  const { asked, found } = await find([loaded('rain', { dependencies: needs }), loaded('sky')])
  expect(asked).toEqual(['rain', 'sky'])
  expect(found.verdicts).toEqual([
    expect.objectContaining({ name: 'rain', state: 'failed', reason: expect.any(String) }),
  ])
})

it('names a process of its own that was granted to no plugin', async () => {
  const { found } = await find([{ ...loaded('rain'), isIsolated: true }], ['rain', 'rane'])
  expect(found.ordered.map(({ plugin }) => plugin.name)).toEqual(['rain'])
  expect(found.verdicts).toEqual([
    {
      ...{ asked: 'rane', name: null, version: null, state: 'failed' },
      reason: expect.stringContaining("grants 'rane' a process of its own"),
    },
  ])
})
