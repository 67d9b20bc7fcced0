import { describe, expect, it } from '@jest/globals'
import { composeState } from '../../../agent/compose-state.ts'
import type { ElizaPlugin, ElizaProvider } from '../../../plugins/contract.ts'
import { greeter } from '../../support/sample-plugins/greeter.ts'
import {
  evaluatorOf,
  faultOf,
  hostBench,
  hosted,
  providerOf,
  stepOf,
} from '../../support/sample-plugins/host-bench.ts'

const providing = (get: ElizaProvider['get'], more: Partial<ElizaProvider> = {}): ElizaPlugin => ({
  name: 'providing',
  providers: [{ name: 'P', get, ...more }],
})

async function opened(plugin: ElizaPlugin, given: Parameters<typeof hostBench>[1] = {}) {
  const bench = hostBench([plugin], given)
  const agent = hosted([plugin.name])
  await bench.host.open(agent)
  return { bench, id: agent.id }
}

describe('a provider of a plugin', () => {
  it('gives text, values and data at its position', async () => {
    const { bench, id } = await opened(greeter)
    const provider = providerOf(bench, id, 'WEATHER')
    expect(provider).toMatchObject({ position: 7 })
    const { state } = await composeState(stepOf(bench, id).context, { only: ['WEATHER'] })
    expect(state).toMatchObject({
      ...{ text: 'Sunny', values: { sky: 'blue' } },
      data: { providers: { WEATHER: { data: { degrees: 20 } } } },
    })
  })

  it.each([
    ['a text', 'Sunny', 'a string'],
    ['a list', ['Sunny'], 'a list'],
    ['a number', 7, 'a number'],
  ])('that gives %s counts as nothing and is named in the trace', async (_what, given, kind) => {
    const { bench, id } = await opened(providing(() => given))
    const { state, traces } = await composeState(stepOf(bench, id).context, { only: ['P'] })
    expect(state.text).toBe('')
    expect(traces[0]?.error).toBe(
      `The provider P of the plugin 'providing' gave ${kind}. It must give { text, values, data }.`,
    )
  })

  it('keeps the parts of the right kind, and copies them', async () => {
    const values = { deep: { list: [1] }, run: () => 1 }
    const { bench, id } = await opened(providing(() => ({ text: 7, values, data: null })))
    const step = stepOf(bench, id)
    const result = await providerOf(bench, id, 'P').get(step.context, step.context.state)
    expect(result).toEqual({ values: { deep: { list: [1] } } })
    expect(result.values?.deep).not.toBe(values.deep)
    expect(faultOf(bench, id, 'provider P')?.lastError).toBe(
      'It gave the wrong kind of text, which is left out.',
    )
  })

  it('is left alone after five failures in a row, then asked once to see whether it works', async () => {
    let clock = 1_000_000
    let isBroken = true
    let asked = 0
    const get = () => {
      asked += 1
      if (isBroken) throw new Error('down')
      return { text: 'up again' }
    }
    const { bench, id } = await opened(providing(get), { now: () => clock })
    const ask = async () => {
      const { state, traces } = await composeState(stepOf(bench, id).context, { only: ['P'] })
      return traces[0]?.error ?? state.text
    }
    for (let count = 0; count < 5; count += 1) expect(await ask()).toContain('failed: down')
    expect(await ask()).toBe(
      "The provider P of the plugin 'providing' failed too often; it is asked again in 60 s.",
    )
    expect(asked).toBe(5)
    expect(faultOf(bench, id, 'provider P')).toMatchObject({ count: 5, openUntil: clock + 60_000 })
    clock += 60_001
    expect(await ask()).toContain('failed: down')
    expect(await ask()).toContain('asked again in 60 s')
    expect(asked).toBe(6)
    clock += 60_001
    isBroken = false
    expect([await ask(), await ask()]).toEqual(['up again', 'up again'])
    isBroken = true
    expect([await ask(), await ask()].every((told) => told.includes('failed: down'))).toBe(true)
    const named = bench.lines.filter(({ message }) => message.includes('times in a row'))
    expect(named).toHaveLength(1)
  })

  it('is asked by one of all who want it, when it is asked again', async () => {
    let clock = 1_000_000
    let asked = 0
    const { promise: answer, resolve } = Promise.withResolvers<{ text: string }>()
    const get = () => {
      asked += 1
      if (asked > 5) return answer
      throw new Error('down')
    }
    const { bench, id } = await opened(providing(get), { now: () => clock })
    const ask = () => composeState(stepOf(bench, id).context, { only: ['P'] })
    for (let count = 0; count < 5; count += 1) await ask()
    clock += 60_001
    const probe = ask()
    expect((await ask()).traces[0]?.error).toContain('failed too often')
    resolve({ text: 'up' })
    expect((await probe).state.text).toBe('up')
    expect(asked).toBe(6)
  })

  it('that fails is another one than the next agent’s', async () => {
    const plugin = providing((runtime) => {
      if (runtime.character.name === 'Broken') throw new Error('down')
      return { text: 'fine' }
    })
    const bench = hostBench([plugin])
    const [broken, sound] = [hosted(['providing'], { name: 'Broken' }), hosted(['providing'])]
    await bench.host.open(broken)
    await bench.host.open(sound)
    const ask = async (id: string) => {
      const { state } = await composeState(stepOf(bench, id).context, { only: ['P'] })
      return state.text
    }
    for (let count = 0; count < 6; count += 1) await ask(broken.id)
    expect([await ask(broken.id), await ask(sound.id)]).toEqual(['', 'fine'])
    expect(bench.host.opened(sound.id)?.report[0]?.faults).toEqual([])
  })

  it('may write late: it is stored at once, with a warning that names it', async () => {
    const { promise: written, resolve } = Promise.withResolvers<void>()
    const { promise: returned, resolve: go } = Promise.withResolvers<void>()
    const plugin = providing((runtime, { entityId, roomId }) => {
      void returned
        .then(() => runtime.createMemory({ entityId, roomId, content: { text: 'late' } }, 'facts'))
        .then(() => resolve())
      return { text: 'now' }
    })
    const { bench, id } = await opened(plugin)
    const step = stepOf(bench, id)
    await composeState(step.context, { only: ['P'] })
    go()
    await written
    expect(step.written).toEqual([])
    expect(bench.records.writes).toMatchObject([{ kind: 'memory.create' }])
    const { turnId } = step.context.turn
    expect(bench.lines).toContainEqual(
      expect.objectContaining({
        level: 'warn',
        fields: expect.objectContaining({ plugin: 'providing', member: 'provider P', turnId }),
      }),
    )
  })
})

describe('an evaluator of a plugin', () => {
  it('works in the step, with the state that ElizaOS composes', async () => {
    const { bench, id } = await opened(greeter)
    const evaluator = evaluatorOf(bench, id, 'MOOD')
    expect(evaluator).toMatchObject({ alwaysRun: true, description: 'Notes the mood.' })
    const step = stepOf(bench, id, { step: 'evaluate:MOOD' })
    expect(await evaluator.validate?.(step.context)).toBe(true)
    await evaluator.handler(step.context)
    expect(step.written).toMatchObject([{ kind: 'cache.put', value: 'good' }])
  })

  it('is told what the agent said in the turn, and gets copies', async () => {
    const seen: unknown[] = []
    const { bench, id } = await opened({
      name: 'judging',
      evaluators: [{ name: 'E', handler: (...given) => void seen.push(given.at(-1)) }],
    })
    const { context } = stepOf(bench, id, { step: 'evaluate:E' })
    const said = { ...context.message, type: 'messages', unique: true, content: { text: 'Hello.' } }
    const asked: unknown[] = []
    const memories = async (query: unknown) => {
      asked.push(query)
      return [said]
    }
    const records = { ...context.records, memories }
    await evaluatorOf(bench, id, 'E').handler({ ...context, records })
    expect(seen).toMatchObject([[{ content: { text: 'Hello.' } }]])
    const { turnId } = context.turn
    const mine = { turnId, entityId: id, type: 'messages', roomIds: [context.room.id] }
    expect(asked).toContainEqual(expect.objectContaining(mine))
  })

  it('is left alone after five failures: it does not validate', async () => {
    const handler = () => Promise.reject(new Error('down'))
    const { bench, id } = await opened({
      name: 'judging',
      evaluators: [{ name: 'E', handler }],
    })
    const evaluator = evaluatorOf(bench, id, 'E')
    const { context } = stepOf(bench, id, { step: 'evaluate:E' })
    for (let count = 0; count < 5; count += 1) {
      expect(await evaluator.validate?.(context)).toBe(true)
      await expect(evaluator.handler(context)).rejects.toThrow('failed: down')
    }
    expect(await evaluator.validate?.(context)).toBe(false)
  })
})

describe('a model of a plugin', () => {
  it('answers for its purpose, by any of its names, and returns what it returns', async () => {
    const { bench, id } = await opened({
      ...{ name: 'brain', priority: 3 },
      models: { TEXT_REASONING_SMALL: async () => null, TEXT_SMALL: async () => 'hi' },
    })
    const models = bench.host.agent(id)?.models ?? []
    expect(models.map(({ purpose, plugin, priority }) => [purpose, plugin, priority])).toEqual([
      ['TEXT_SMALL', 'brain', 3],
      ['REASONING_SMALL', 'brain', 3],
    ])
    const options = { signal: new AbortController().signal, onText: () => undefined }
    const answers = models.map((model) => model.handler({ prompt: 'x' }, options))
    expect(await Promise.all(answers)).toEqual(['hi', null])
  })

  it('that fails is counted, and the caller reads its own error', async () => {
    const failure = new Error('429')
    const { bench, id } = await opened({
      name: 'brain',
      models: { TEXT_SMALL: () => Promise.reject(failure) },
    })
    const [model] = bench.host.agent(id)?.models ?? []
    const options = { signal: new AbortController().signal, onText: () => undefined }
    await expect(model?.handler({}, options)).rejects.toBe(failure)
    expect(faultOf(bench, id, 'model TEXT_SMALL')?.count).toBe(1)
  })

  it('of a type of its own is asked by the runtime', async () => {
    const { bench, id } = await opened({
      name: 'brain',
      models: { VIDEO: async (_runtime, params) => ({ seen: params }) },
    })
    const runtime = bench.host.opened(id)?.runtime
    expect(await runtime?.useModel('VIDEO', { url: 'x' })).toEqual({ seen: { url: 'x' } })
  })
})
