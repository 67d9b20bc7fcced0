import { describe, expect, it } from '@jest/globals'
import { defineEvaluator, definePlugin, defineProvider } from '../../../plugins/plugin-api.ts'
import type { Runtime } from '../../../plugins/runtime.ts'

const runtime = { agentId: 'agent' } as unknown as Runtime // nothing of it is asked here
const message = { id: 'm1', entityId: 'e', roomId: 'r', content: { text: 'Hi' } }
const state = { values: {}, data: {}, text: '' }
const called = (define: unknown) => define as (definition: unknown) => unknown // as from JavaScript

describe('a provider made with defineProvider', () => {
  it.each([
    ['a text', 'It rains.', { text: 'It rains.' }],
    ['a result', { values: { sky: 'grey' } }, { values: { sky: 'grey' } }],
    ['nothing', undefined, {}],
  ])('may give %s', async (_what, given, result) => {
    const provider = defineProvider({ name: 'SKY', position: 5, get: async () => given })
    expect(await provider.get(runtime, message, state)).toEqual(result)
    expect(provider).toMatchObject({ name: 'SKY', position: 5 })
  })

  it('gets runtime, message and state in one object', async () => {
    const provider = defineProvider({ name: 'A', get: (asked) => ({ data: { ...asked } }) })
    expect(await provider.get(runtime, message, state)).toEqual({
      data: { runtime, message, state },
    })
  })

  it('is refused without a name or a function', () => {
    expect(() => called(defineProvider)({ get: () => '' })).toThrow('defineProvider needs a name')
    expect(() => called(defineProvider)({ name: 'A' })).toThrow("'A' has no get")
  })
})

describe('an evaluator made with defineEvaluator', () => {
  it('gets what was said, and looks at every turn unless it says otherwise', async () => {
    const seen: unknown[] = []
    const made = {
      ...{ name: 'COUNT', description: 'Counts.' },
      handler: (turn: { responses: unknown }) => seen.push(turn.responses),
    }
    const evaluator = defineEvaluator(made)
    expect(await evaluator.validate?.(runtime, message)).toBe(true)
    await evaluator.handler(runtime, message, state, {}, undefined, [message])
    await evaluator.handler(runtime, message)
    expect(seen).toEqual([[message], []])
    const shy = defineEvaluator({ ...made, validate: () => false })
    expect(await shy.validate?.(runtime, message)).toBe(false)
  })

  it('is refused without a name or a handler', () => {
    expect(() => called(defineEvaluator)({})).toThrow('defineEvaluator needs a name')
    expect(() => called(defineEvaluator)({ name: 'A' })).toThrow("'A' has no handler")
  })
})

describe('a plugin made with definePlugin', () => {
  it('is the plugin that was given', () => {
    const plugin = { name: 'weather', description: 'Weather.', priority: 50 }
    expect(definePlugin(plugin)).toEqual(plugin)
  })

  it('is refused without a name', () => {
    expect(() => called(definePlugin)({ description: 'x' })).toThrow('definePlugin needs a name')
  })
})
