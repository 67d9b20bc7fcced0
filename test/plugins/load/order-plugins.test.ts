import { describe, expect, it } from '@jest/globals'
import type { ElizaPlugin } from '../../../plugins/contract.ts'
import { type OrderOptions, orderPlugins } from '../../../plugins/load/order-plugins.ts'
import {
  exportName,
  isPath,
  packageNames,
  packageToInstall,
  shortName,
} from '../../../plugins/load/plugin-name.ts'

type Given = Omit<ElizaPlugin, 'name'>

function order(plugins: readonly (readonly [string, Given?])[], options?: OrderOptions) {
  const list = plugins.map(([name, more]) => ({ plugin: { name, ...more } }))
  const { ordered, failed, skipped } = orderPlugins(list, options)
  return {
    names: ordered.map(({ plugin }) => plugin.name),
    failed: failed.map(({ error }) => `${error.name} ${error.plugin}: ${error.message}`),
    skipped: skipped.map(({ note }) => note),
  }
}

describe('plugins', () => {
  it('come in the order in which they were given, lower priorities first', () => {
    const { names, failed, skipped } = order([
      ['discord', { priority: 100 }],
      ['a'],
      ['openai', { priority: -50 }],
      ['b', { priority: 0 }],
      ['knowledge', { priority: 50 }],
      ['sql', { priority: -100 }],
    ])
    expect(names).toEqual(['sql', 'openai', 'a', 'b', 'knowledge', 'discord'])
    expect({ failed, skipped }).toEqual({ failed: [], skipped: [] })
  })

  it('come behind what they depend on, by any of its names, whatever their priorities', () => {
    const { names } = order([
      ['first', { priority: -100, dependencies: ['@elizaos/plugin-knowledge', 'plugin-b'] }],
      ['knowledge', { priority: 50, dependencies: ['b'] }],
      ['@acme/plugin-b'],
    ])
    expect(names).toEqual(['@acme/plugin-b', 'knowledge', 'first'])
  })

  it('may depend on what the host has itself', () => {
    const needing = [['a', { dependencies: ['@elizaos/plugin-sql'] }]] as const
    expect(order(needing, { provided: ['sql'] }).names).toEqual(['a'])
  })

  it('without something they depend on are left out by name, with all that depend on them', () => {
    const { names, failed } = order([
      ['c', { dependencies: ['b'] }],
      ['b', { dependencies: ['@elizaos/plugin-gone'] }],
      ['a'],
    ])
    expect(names).toEqual(['a'])
    expect(failed).toEqual([
      expect.stringMatching(
        /^PluginError b: The plugin 'b' needs the plugin '@elizaos\/plugin-gone', which is not loaded.*npx turnkeeper plugin add @elizaos\/plugin-gone$/,
      ),
      expect.stringContaining("PluginError c: The plugin 'c' needs the plugin 'b'"),
    ])
  })

  it('that depend on each other in a circle are left out, with the circle; others are not', () => {
    const { names, failed } = order([
      ['x'],
      ['a', { dependencies: ['b'] }],
      ['b', { dependencies: ['c'] }],
      ['c', { dependencies: ['b'] }],
      ['own', { dependencies: ['own'] }],
    ])
    expect(names).toEqual(['x'])
    expect(failed).toHaveLength(4)
    expect(failed[0]).toContain('in a circle: b → c → b.')
    expect(failed[2]).toContain("'a' needs the plugin 'b'")
    expect(failed[3]).toContain('own → own')
  })

  it('that are there twice are taken once, with a note', () => {
    const { names, skipped } = order([['@elizaos/plugin-a'], ['a', { priority: -1 }], ['b']])
    expect(names).toEqual(['@elizaos/plugin-a', 'b'])
    expect(skipped).toEqual(["The plugin 'a' is there twice; the second one is skipped."])
  })

  it('need their testDependencies only in tests', () => {
    const plugins = [['a', { testDependencies: ['stub'] }]] as const
    expect(order(plugins).names).toEqual(['a'])
    expect(order(plugins, { isTest: true }).failed).toHaveLength(1)
    expect(order([...plugins, ['stub']], { isTest: true }).names).toEqual(['stub', 'a'])
  })
})

describe('the names of a plugin', () => {
  it.each(['@elizaos/plugin-my-sky', 'plugin-my-sky', 'turnkeeper-plugin-my-sky', 'my-sky'])(
    'are one: %s',
    (name) => {
      expect([shortName(name), exportName(name)]).toEqual(['my-sky', 'mySkyPlugin'])
    },
  )

  it('lead to packages, the likeliest first, and to no other scope', () => {
    expect(packageNames('x')).toEqual([
      ...['@elizaos/plugin-x', 'turnkeeper-plugin-x', 'plugin-x', 'x'],
    ])
    expect(packageNames('plugin-x')[0]).toBe('plugin-x')
    expect(packageNames('@acme/plugin-x')).toEqual(['@acme/plugin-x'])
  })

  it('lead to one package that is installed', () => {
    const names = ['x', 'plugin-x', '@acme/x', 'turnkeeper-plugin-x'].map(packageToInstall)
    expect(names).toEqual([
      ...['@elizaos/plugin-x', '@elizaos/plugin-x', '@acme/x', 'turnkeeper-plugin-x'],
    ])
  })

  it.each([
    ['./a', true],
    ['..', true],
    ['/a', true],
    ['C:\\a', true],
    ['file:///a', true],
    ['a/b.ts', true],
    ['plugin.js', false],
    ['@a/b', false],
    ['.hidden', false],
  ])('are told from paths: %s', (asked, expected) => {
    expect(isPath(asked)).toBe(expected)
  })
})
