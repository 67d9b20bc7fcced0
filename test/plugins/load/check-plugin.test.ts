import { describe, expect, it } from '@jest/globals'
import { z } from 'zod'
import { checkPlugin } from '../../../plugins/load/check-plugin.ts'
import { componentFault } from '../../../plugins/load/component-data.ts'

class Sky {
  capabilityDescription = 'Looks up.'
}
const handler = () => undefined
const action = (name: unknown) => ({ name, handler })

describe('a plugin', () => {
  it('is taken with members of every kind, and with members that are left undefined', () => {
    const plugin = {
      ...{ name: 'whole', description: 'x', init: handler, priority: -50 },
      actions: [action('A'), action('a')],
      providers: [{ name: 'A', get: handler }],
      evaluators: [action('A')],
      services: [Sky],
      routes: [
        { type: 'GET', path: '/a', handler },
        { type: 'STATIC', path: '/b', filePath: 'b.html' },
      ],
      models: { TEXT_SMALL: handler, IMAGE: undefined },
      events: { RUN_STARTED: [handler], RUN_ENDED: undefined },
      componentTypes: [
        { name: 'C', schema: z.object({}) },
        { name: 'D', schema: { type: 'x' } },
      ],
      dependencies: ['@elizaos/plugin-sql'],
    }
    expect(checkPlugin(plugin)).toBe(plugin)
    expect(checkPlugin({ name: 'bare', actions: null }).name).toBe('bare')
  })

  it.each([
    ['has `actions` that are no list', { actions: {} }],
    [
      "has the action 'A' twice: give one of them another name",
      { actions: [action('A'), action('A')] },
    ],
    ["has the provider 'P' twice", { providers: [1, 2].map(() => ({ name: 'P', get: handler })) }],
    ["has the evaluator 'E' twice", { evaluators: [action('E'), action('E')] }],
    ["its action 'A' has no handler", { actions: [{ name: 'A' }] }],
    ['its action number 2 has no name', { actions: [action('A'), action(7)] }],
    ['has a action number 1 that is null', { actions: [null] }],
    ["its provider 'P' has no get", { providers: [{ name: 'P', handler }] }],
    ["its evaluator 'E' has no handler", { evaluators: [{ name: 'E' }] }],
    ['its service number 1 is no class', { services: [new Sky()] }],
    ["its service 'handler' is no class", { services: [handler] }],
    ['its route number 1 has no path', { routes: [{ type: 'GET', handler }] }],
    ["its route '/a' has the type 'HEAD'", { routes: [{ type: 'HEAD', path: '/a', handler }] }],
    ["its route '/a' has no handler", { routes: [{ type: 'GET', path: '/a' }] }],
    ["its route '/a' is STATIC and has no filePath", { routes: [{ type: 'STATIC', path: '/a' }] }],
    ['has `models` that are no object', { models: [handler] }],
    ["its model 'IMAGE' is no function", { models: { IMAGE: 'x' } }],
    ['has `events` that are no object', { events: [] }],
    ["its event 'E' has no list of functions", { events: { E: handler } }],
    [
      "its component type 'C' has a validator that is no function",
      { componentTypes: [{ name: 'C', validator: 1 }] },
    ],
    [
      "its component type 'C' has a schema that cannot validate",
      { componentTypes: [{ name: 'C', schema: { '~standard': {} } }] },
    ],
    ['has `dependencies` that are no list of names', { dependencies: 'sql' }],
    ['has an `init` that is no function', { init: {} }],
    ["has the priority 'high', which is no number", { priority: 'high' }],
  ])('is refused by name: %s', (sentence, members) => {
    expect(() => checkPlugin({ name: 'weather', ...members })).toThrow(
      expect.objectContaining({
        name: 'PluginError',
        plugin: 'weather',
        message: expect.stringContaining(sentence),
      }),
    )
  })
})

describe('the data of a component', () => {
  const types = [
    { name: 'SKY', schema: z.object({ clouds: z.number() }) },
    { name: 'RAIN', schema: { drizzle: true }, validator: (data: unknown) => data === 'wet' },
    {
      name: 'ODD',
      validator: () => {
        throw new Error('oh')
      },
    },
  ]

  it.each([
    ['that fits its schema', 'SKY', { clouds: 3 }, undefined],
    [
      'that does not fit its schema',
      'SKY',
      { clouds: 'many' },
      /^The component of type 'SKY' does not fit: clouds: /,
    ],
    ['that its validator takes', 'RAIN', 'wet', undefined],
    ['that its validator refuses', 'RAIN', 'dry', /'RAIN' does not fit: its validator refuses/],
    ['whose validator throws', 'ODD', 1, /'ODD' could not be checked: oh/],
    ['of a type that nobody knows', 'SNOW', 1, undefined],
  ])('%s is judged', async (_what, type, data, fault) => {
    const said = await componentFault(types, { type, data })
    if (fault === undefined) expect(said).toBeUndefined()
    else expect(said).toMatch(fault)
  })
})
