import { describe, expect, it } from '@jest/globals'
import { createRuntime } from '../../../plugins/facade/create-runtime.ts'
import { MEMBER_TABLE } from '../../../plugins/facade/member-table.ts'
import { PluginError } from '../../../plugins/plugin-error.ts'
import { projectFile } from '../../deploy/compose-file.ts'
import { fakeRuntimeHost } from '../../support/fake-runtime-host.ts'
import { CORE_METHODS, CORE_VALUES, CORE_VERSION } from './core-members.ts'
import { memberPage } from './member-page.ts'

/** ElizaOS's contract: IAgentRuntime, IDatabaseAdapter, and what AgentRuntime adds. */
const CONTRACT = [...CORE_METHODS, ...CORE_VALUES]

const rows = MEMBER_TABLE.flatMap((group) => group.rows)
const named = (...states: readonly string[]) =>
  rows.filter(([, state]) => states.includes(state)).map(([name]) => name)

describe('the table of members', () => {
  it('has each member of the contract, once', () => {
    const names = rows.map(([name]) => name)
    expect(CONTRACT.filter((name) => !names.includes(name))).toEqual([])
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([])
  })

  it('is of the version of core that its page names', () => {
    expect(memberPage()).toContain(`(core ${CORE_VERSION.replace(/\.\d+$/, '')})`)
  })

  it('has each member that the runtime has', () => {
    const runtime = createRuntime(fakeRuntimeHost())
    const names = rows.map(([name]) => name)
    expect(Object.keys(runtime).filter((name) => !names.includes(name))).toEqual([])
  })

  it('ends each sentence', () => {
    expect(rows.filter(([, , why]) => !/[.`)]$/.test(why))).toEqual([])
  })

  it('is what docs/plugin-members.md shows (`node test/plugins/facade/member-page.ts`)', () => {
    expect(projectFile('docs/plugin-members.md')).toBe(memberPage())
  })
})

describe('a runtime', () => {
  it.each(named('supported', 'differs'))('has %s', (name) => {
    const runtime = createRuntime(fakeRuntimeHost())
    expect(runtime[name]).toBeDefined()
    expect(runtime[name]).not.toBeNull()
  })

  it.each(CORE_METHODS)('lets plugins call %s', (name) => {
    expect(typeof createRuntime(fakeRuntimeHost())[name]).toBe('function')
  })

  it.each(CORE_VALUES.filter((name) => name !== 'fetch'))('has %s as a value', (name) => {
    expect(typeof createRuntime(fakeRuntimeHost())[name]).not.toBe('function')
  })

  it.each(named('refused'))('refuses %s by name', async (name) => {
    const runtime = createRuntime(fakeRuntimeHost())
    const member = runtime[name]
    const call = async () => (typeof member === 'function' ? member('an-id', {}) : undefined)
    await expect(call()).rejects.toThrow(`runtime.${name} is refused`)
    await expect(call()).rejects.toBeInstanceOf(PluginError)
  })

  it('has plain members: none is computed, hidden or frozen', () => {
    const runtime = createRuntime(fakeRuntimeHost())
    const odd = Object.entries(Object.getOwnPropertyDescriptors(runtime)).filter(
      ([, { get, set, writable, configurable, enumerable }]) =>
        get || set || !writable || !configurable || !enumerable,
    )
    expect(odd).toEqual([])
    expect(Object.isExtensible(runtime)).toBe(true)
  })
})
