import { describe, expect, it } from '@jest/globals'
import type { Action } from '../../../agent/action.ts'
import { corePlugin } from '../../../agent/plugins/core/core-plugin.ts'
import { toolSpecs } from '../../../agent/prompts/tool-specs.ts'

const action = (name: string, more: Partial<Action> = {}): Action => ({
  name,
  description: `does ${name}`,
  effect: 'none',
  handler: async () => ({ success: true }),
  ...more,
})

const VALID = /^[a-zA-Z0-9_-]{1,64}$/

describe('actions as tools', () => {
  it('leave out what text alone says, and keep the way to say nothing', () => {
    const names = toolSpecs(corePlugin.actions ?? []).specs.map(({ name }) => name)
    expect(names.slice(0, 2)).toEqual(['IGNORE', 'CHOOSE_OPTION'])
    expect(names).not.toContain('REPLY')
    expect(names).not.toContain('NONE')
  })

  it('have a schema of their parameters; one that says nothing of its type is a text', () => {
    const parameters = [
      { name: 'size', description: 'small or large', required: true },
      { name: 'count', description: 'how many', schema: { type: 'integer', minimum: 1 } },
    ]
    const { specs } = toolSpecs([action('ORDER', { similes: ['BUY'], parameters }), action('WAVE')])
    expect(specs).toEqual([
      {
        name: 'ORDER',
        description: 'does ORDER',
        parameters: {
          type: 'object',
          properties: {
            size: { type: 'string', description: 'small or large' },
            count: { type: 'integer', minimum: 1, description: 'how many' },
          },
          required: ['size'],
        },
      },
      { name: 'WAVE', description: 'does WAVE', parameters: { type: 'object', properties: {} } },
    ])
  })

  it('have names that every vendor takes, no two alike, and are read back as their own', () => {
    const odd = ['GET.X', 'GET_X', 'GET X', 'größe', '', 'a'.repeat(200), `${'a'.repeat(200)}b`]
    const parameters = [{ name: 'wie groß?', description: 'size' }]
    const { specs, read } = toolSpecs(odd.map((name) => action(name, { parameters })))
    const names = specs.map(({ name }) => name)
    expect(new Set(names).size).toBe(odd.length)
    for (const name of names) expect(name).toMatch(VALID)
    expect(names.map((name) => read({ name, arguments: {} }).name)).toEqual(odd)
    const [key = ''] = Object.keys(Object(specs[0]?.parameters.properties))
    expect(key).toMatch(VALID)
    expect(read({ name: names[0] ?? '', arguments: { [key]: 'L' } })).toEqual({
      name: 'GET.X',
      arguments: { 'wie groß?': 'L' },
    })
  })

  it('keep what was not offered as the model wrote it', () => {
    const { read } = toolSpecs([action('WAVE')])
    expect(read({ name: 'FLY', arguments: { to: 'Rome' } })).toEqual({
      name: 'FLY',
      arguments: { to: 'Rome' },
    })
    expect(read({ name: 'WAVE', arguments: undefined })).toEqual({ name: 'WAVE' })
  })

  it('have descriptions of a length that vendors take', () => {
    const [spec] = toolSpecs([action('LONG', { description: 'x'.repeat(5_000) })]).specs
    expect(spec?.description.length).toBe(1_024)
  })
})
