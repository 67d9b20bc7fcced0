import { describe, expect, it } from '@jest/globals'
import { reloadPlugins } from '../../bin/reload-plugins.ts'
import type { OpenedAgent } from '../../plugins/plugin-host.ts'
import { eventually } from '../support/eventually.ts'

type House = Parameters<typeof reloadPlugins>[0]

const mine = { name: 'mine', description: '' }
const other = { name: 'other', description: '' }

/** Agents of one process, by what became of their plugins; `change` is what the file system says. */
function openHouse(agents: Record<string, Partial<OpenedAgent>>, reason?: string) {
  const did: string[] = []
  let change = (_folder: string): void => undefined
  const house = {
    agents: {
      list: async () => Object.keys(agents).map((id) => ({ id, updated_at: new Date(7) })),
      forget: (id: string) => did.push(`forget ${id}`),
      registry: {
        get: async (id: string, version: number) => {
          did.push(`start ${id} ${version}`)
          if (reason !== undefined) agents[id] = { loaded: [], report: [failed('./x', reason)] }
          return { character: { name: id } }
        },
      },
    },
    house: {
      source: {
        folderOf: (plugin: object) => (plugin === mine ? '/mine' : undefined),
        watch: (onChange: typeof change) => {
          change = onChange
          return () => did.push('end')
        },
      },
      host: {
        opened: (id: string) => agents[id],
        close: async (id: string) => void did.push(`stop ${id}`),
      },
    },
  }
  const said: string[] = []
  const end = reloadPlugins(house as unknown as House, (line) => said.push(line)) // what it asks of it
  return { did, said, end, change: (folder: string) => change(folder) }
}

const failed = (asked: string, reason: string) =>
  ({ asked, name: null, state: 'failed', reason }) as OpenedAgent['report'][number]

describe('a change in the folder of a plugin', () => {
  it('starts anew the agents that have it, and no others', async () => {
    const { did, said, change, end } = openHouse({
      ada: { loaded: [mine, other], report: [] },
      bob: { loaded: [other], report: [] },
      eve: { loaded: [], report: [failed('./mine', 'broken')] },
      joe: { loaded: [], report: [failed('@elizaos/plugin-x', 'not installed')] },
    })
    change('/mine')
    await eventually(() => said.length === 3)
    expect(did).toEqual([
      ...['stop ada', 'forget ada', 'start ada 7'],
      ...['stop eve', 'forget eve', 'start eve 7'],
    ])
    expect(said[0]).toBe("Changed: the plugins in '/mine', which ada has from now on.")
    expect(said[2]).toBe('broken')
    end()
    expect(did.at(-1)).toBe('end')
  })

  it('says why the new one cannot be used', async () => {
    const { said, change } = openHouse({ ada: { loaded: [mine], report: [] } }, 'It throws.')
    change('/mine')
    await eventually(() => said.length === 2)
    expect(said[1]).toBe('It throws.')
  })
})
