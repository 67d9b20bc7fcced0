import { describe, expect, it } from '@jest/globals'
import { z } from 'zod'
import type { ElizaContent } from '../../../plugins/contract.ts'
import { type ActionCall, defineAction } from '../../../plugins/define/define-action.ts'
import type { StandardSchema } from '../../../plugins/define/standard-schema.ts'
import type { Runtime } from '../../../plugins/runtime.ts'

const runtime = { agentId: 'agent' } as unknown as Runtime // nothing of it is asked here
const message = { id: 'm1', entityId: 'e', roomId: 'r', content: { text: 'Hi' } }
const state = { values: {}, data: {}, text: '' }

/** An action that keeps what its handler got. */
function weather<P>(parameters: StandardSchema<P> | undefined) {
  const calls: ActionCall<P>[] = []
  const action = defineAction<P>({
    name: 'WEATHER',
    description: 'Tells the weather.',
    ...(parameters && { parameters }),
    handler: (call) => {
      calls.push(call)
      return 'Sunny.'
    },
  })
  const run = (options?: Record<string, unknown>, data: Record<string, unknown> = {}) =>
    action.handler(runtime, message, { ...state, data }, options)
  return { action, calls, run }
}

const city = z.object({
  city: z.string().min(2).describe('Where.'),
  days: z.number().int().default(1).describe('How many.'),
  metric: z.boolean().optional(),
})

describe('an action made with defineAction', () => {
  it('gives its handler the parameters as the schema makes them', async () => {
    const { calls, run } = weather(city)
    expect(await run({ parameters: { city: 'Oslo' } })).toEqual({ success: true, text: 'Sunny.' })
    expect(calls[0]?.parameters).toEqual({ city: 'Oslo', days: 1 })
  })

  it('takes numbers and truth values that a model wrote as text, and leaves texts alone', async () => {
    const { calls, run } = weather(city)
    await run({ parameters: { city: '42', days: '3', metric: 'true' } })
    expect(calls[0]?.parameters).toEqual({ city: '42', days: 3, metric: true })
  })

  it('fails with the name of the field, without calling the handler', async () => {
    const { calls, run } = weather(city)
    const { success, error, text } = await run({ parameters: { city: 'Oslo', days: 'soon' } })
    expect({ success, calls }).toEqual({ success: false, calls: [] })
    expect(error).toMatch(/^days: /)
    expect(text).toContain('The parameters of WEATHER do not fit: days: ')
    expect((await run()).error).toMatch(/^city: /)
  })

  it.each([
    ['the options', { parameters: { city: 'Oslo' } }, {}],
    ['the options, by the action’s name', { parameters: { WEATHER: { city: 'Oslo' } } }, {}],
    ['the state, as ElizaOS 1.x', {}, { actionParams: { city: 'Oslo' } }],
  ])('reads parameters from %s', async (_where, options, data) => {
    const { calls, run } = weather(city)
    await run(options, data)
    expect(calls[0]?.parameters.city).toBe('Oslo')
  })

  it('lists its parameters for models: description, whether required, JSON Schema', () => {
    const { parameters } = weather(city).action
    expect(parameters.map(({ name, required }) => [name, required])).toEqual([
      ...[
        ['city', true],
        ['days', false],
        ['metric', false],
      ],
    ])
    expect(parameters[0]).toMatchObject({
      description: 'Where.',
      schema: { type: 'string', minLength: 2 },
    })
  })

  it('hands over what the host gives beside: key, signal, earlier results', async () => {
    const { calls, run } = weather(city)
    const { signal } = new AbortController()
    const previousResults = [{ success: true, text: 'first' }]
    await run({
      ...{ parameters: { city: 'Oslo' }, key: 'k1', signal },
      actionContext: { previousResults },
    })
    expect(calls[0]).toMatchObject({ key: 'k1', signal, previous: previousResults })
  })

  it('works where the host gives nothing beside, as ElizaOS 1.7', async () => {
    const { action, calls } = weather(undefined)
    await action.handler(runtime, message)
    expect(calls[0]).toMatchObject({ key: 'm1:WEATHER', previous: [], parameters: {}, state })
    expect(calls[0]?.signal.aborted).toBe(false)
    expect(await calls[0]?.callback({ text: 'unheard' })).toEqual([])
  })

  it('passes callbacks, results and errors on as they are', async () => {
    const said: ElizaContent[] = []
    const action = defineAction({
      ...{ name: 'A', description: '' },
      handler: async ({ callback }) => {
        await callback({ text: 'Hello' })
        return { success: false, error: 'no umbrella' }
      },
    })
    const callback = async (content: ElizaContent) => {
      said.push(content)
      return []
    }
    const result = await action.handler(runtime, message, state, {}, callback)
    expect({ result, said }).toEqual({
      result: { success: false, error: 'no umbrella' },
      said: [{ text: 'Hello' }],
    })
    const thrower = defineAction({
      ...{ name: 'A', description: '' },
      handler: () => {
        throw new Error('rain')
      },
    })
    await expect(thrower.handler(runtime, message)).rejects.toThrow('rain')
  })

  it('is offered always, unless it says otherwise', async () => {
    const made = { name: 'A', description: '', handler: () => undefined }
    expect(await defineAction(made).validate(runtime, message)).toBe(true)
    const shy = defineAction({ ...made, validate: ({ message: m }) => m.content.text === 'Bye' })
    expect(await shy.validate(runtime, message)).toBe(false)
  })

  it('has effect once unless it says otherwise', () => {
    const made = { name: 'A', description: '', handler: () => undefined }
    expect(defineAction(made).effect).toBe('once')
    expect(defineAction({ ...made, effect: 'none' }).effect).toBe('none')
  })

  it.each([
    ['defineAction needs a name', { name: ' ', handler: () => undefined }],
    ["'A' has no handler", { name: 'A', handler: undefined }],
    ["'A' are no schema", { name: 'A', handler: () => undefined, parameters: { city: 'text' } }],
  ])('is refused at once: %s', (sentence, wrong) => {
    const define = defineAction as (definition: unknown) => unknown // as from JavaScript
    expect(() => define({ description: '', ...wrong })).toThrow(sentence)
  })
})

describe('a schema of another library', () => {
  const validate = (value: unknown) => ({ value })
  const standard = { version: 1, vendor: 'other', validate } as const
  const names = (schema: StandardSchema) => weather(schema).action.parameters

  it('tells its JSON Schema where it has a way', () => {
    const json = { type: 'object', properties: { n: { type: 'number' } }, required: ['n'] }
    const wanted = [{ name: 'n', description: '', required: true, schema: { type: 'number' } }]
    const input = () => json
    expect(names({ '~standard': { ...standard, jsonSchema: { input } } } as StandardSchema)) //
      .toEqual(wanted)
    const own = { '~standard': standard, toJsonSchema: () => json }
    expect(names(own)).toEqual(wanted)
    // Callable, as arktype's are.
    expect(names(Object.assign(() => undefined, own))).toEqual(wanted)
  })

  it('is read as texts by its fields’ names where it has none', () => {
    const shape = {
      city: { description: 'Where.', isOptional: () => false },
      day: { isOptional: () => true },
    }
    expect(names({ '~standard': standard, shape } as StandardSchema)).toEqual([
      { name: 'city', description: 'Where.', required: true, schema: { type: 'string' } },
      { name: 'day', description: '', required: false, schema: { type: 'string' } },
    ])
    const entries = { city: { type: 'string' }, day: { type: 'optional' } }
    expect(names({ '~standard': standard, entries } as StandardSchema)).toMatchObject([
      { name: 'city', required: true },
      { name: 'day', required: false },
    ])
  })

  it('with a field that JSON Schema has no word for still takes parameters', async () => {
    const odd = z.object({ on: z.date(), city: z.string() })
    const { action, run, calls } = weather(odd)
    expect(action.parameters.map(({ name }) => name)).toEqual(['on', 'city'])
    const on = new Date(0)
    await run({ parameters: { on, city: 'Oslo' } })
    expect(calls[0]?.parameters).toEqual({ on, city: 'Oslo' })
  })
})
