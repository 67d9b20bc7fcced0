import { expect, it } from '@jest/globals'
import { createPluginConnections } from '../../../plugins/models/plugin-connections.ts'
import type { Permissions } from '../../../plugins/permissions/permissions.ts'

const permissions = (): Permissions => ({
  ...{ hosts: [], paths: [], tables: [], secrets: [], rooms: 'turn', process: 'shared' },
})
const scopeOf = (agentId: string) => ({
  ...{ agentId, plugin: 'acme', member: 'service', state: 'open' as const },
})

it('has one set of connections for each plugin of each agent, however often it is started', () => {
  const closed: number[] = []
  let opened = 0
  const connections = createPluginConnections(() => {
    opened += 1
    const own = opened
    return { dispatch: () => true, close: async () => void closed.push(own) }
  })
  const granted = permissions()
  const first = connections.of(scopeOf('a'), granted)
  expect(connections.of(scopeOf('a'), granted)).toBe(first)
  connections.of(scopeOf('a'), permissions()) // started anew
  connections.of(scopeOf('b'), granted)
  expect([opened, connections.count(), closed]).toEqual([3, 2, [1]])
  connections.forget('a')
  expect([connections.count(), closed]).toEqual([1, [1, 2]])
})
