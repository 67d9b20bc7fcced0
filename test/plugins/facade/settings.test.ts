import { describe, expect, it } from '@jest/globals'
import { createRuntime } from '../../../plugins/facade/create-runtime.ts'
import { fakeRuntimeHost } from '../../support/fake-runtime-host.ts'

describe('getSetting', () => {
  it('asks what was set, the host, the character and its secrets, then the environment', () => {
    const runtime = createRuntime(
      fakeRuntimeHost({
        settings: { A: 'of the host' },
        character: {
          settings: { A: 'of the character', B: 'of the character', secrets: { C: 'nested' } },
        },
        environment: { A: 'outside', B: 'outside', C: 'outside', D: 'outside' },
      }),
    )
    const all = () => ['A', 'B', 'C', 'D', 'E'].map((name) => runtime.getSetting(name))
    expect(all()).toEqual(['of the host', 'of the character', 'nested', 'outside', null])
    runtime.setSetting('A', 'set')
    runtime.setSetting('B', 'secret', true)
    expect(all().slice(0, 2)).toEqual(['set', 'secret'])
    runtime.setSetting('A', null)
    expect(runtime.getSetting('A')).toBe('of the host')
  })

  it('passes over what counts as false, as ElizaOS does', () => {
    const settings = { A: '', B: 0, C: false }
    const runtime = createRuntime(fakeRuntimeHost({ settings, environment: { A: 'outside' } }))
    expect(['A', 'B', 'C'].map((name) => runtime.getSetting(name))).toEqual(['outside', null, null])
  })

  it('gives texts, numbers and booleans, and nothing else', () => {
    const settings = { A: 'true', B: 'false', C: 5, D: ['x'], E: true }
    const runtime = createRuntime(fakeRuntimeHost({ settings }))
    const values = ['A', 'B', 'C', 'D', 'E', 'constructor'].map((name) => runtime.getSetting(name))
    expect(values).toEqual([true, false, 5, null, true, null])
  })

  it('follows a character that was replaced', () => {
    const runtime = createRuntime(fakeRuntimeHost())
    runtime.character = { ...runtime.character, settings: { NEW: 'yes' } }
    expect(runtime.getSetting('NEW')).toBe('yes')
  })

  it.each([
    [undefined, 32],
    ['12', 12],
    ['many', 32],
    ['1000000', 1_000],
  ])('takes CONVERSATION_LENGTH %p as %p messages', (value, length) => {
    const settings = value === undefined ? {} : { CONVERSATION_LENGTH: value }
    expect(createRuntime(fakeRuntimeHost({ settings })).getConversationLength()).toBe(length)
  })
})
