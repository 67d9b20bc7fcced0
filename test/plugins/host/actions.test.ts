import { describe, expect, it } from '@jest/globals'
import type { ElizaAction, ElizaPlugin } from '../../../plugins/contract.ts'
import { DEFAULT_LIMITS } from '../../../plugins/host/limits.ts'
import { stringToUuid } from '../../../schema/ids.ts'
import { greeter } from '../../support/sample-plugins/greeter.ts'
import {
  actionOf,
  faultOf,
  type HostBench,
  hostBench,
  hosted,
  stepOf,
} from '../../support/sample-plugins/host-bench.ts'

const acting = (handler: ElizaAction['handler'], more: Partial<ElizaAction> = {}): ElizaPlugin => ({
  name: 'acting',
  actions: [{ name: 'ACT', description: '', handler, ...more }],
})

async function opened(plugin: ElizaPlugin, given: Parameters<typeof hostBench>[1] = {}) {
  const bench = hostBench([plugin], given)
  const agent = hosted([plugin.name])
  await bench.host.open(agent)
  return { bench, id: agent.id }
}

async function ran(bench: HostBench, id: string, options: Parameters<typeof stepOf>[2] = {}) {
  const step = stepOf(bench, id, options)
  const result = await actionOf(bench, id, 'ACT').handler(step.context)
  return { ...step, result }
}

describe('an action of a plugin', () => {
  it('is offered with its similes, examples of all forms, and parameters, and happens once', async () => {
    const { bench, id } = await opened(greeter)
    const action = actionOf(bench, id, 'GREET')
    expect(action).toMatchObject({ similes: ['SAY_HELLO'], effect: 'once', isForeign: true })
    expect(action.examples).toEqual([
      [
        { name: '{{name1}}', content: { text: 'Greet me' } },
        { name: '{{agent}}', content: { text: 'Hi!', actions: ['GREET'] } },
      ],
    ])
    expect(action.parameters).toEqual([
      { name: 'who', description: 'Whom', required: true, schema: { type: 'string' } },
    ])
    expect(action.needsGateway).toBeUndefined()
  })

  it('says and writes into the step, under ids that a second run finds again', async () => {
    const { bench, id } = await opened(greeter)
    const step = stepOf(bench, id, { parameters: { who: 'Sam' } })
    const action = actionOf(bench, id, 'GREET')
    const result = await action.handler(step.context)
    const { turnId } = step.context.turn
    const memoryId = stringToUuid(`${turnId}:1:runAction:0:greeter:action GREET:memory:0`)
    expect(result).toEqual({
      ...{ success: true, text: 'Greeted Sam', values: { greeted: 'Sam' } },
      data: { id: memoryId },
    })
    expect(step.said).toEqual([{ text: 'Hi Sam', actions: ['GREET'] }])
    expect(step.written).toMatchObject([{ kind: 'memory.create', memory: { id: memoryId } }])
    expect(bench.records.writes).toEqual([])
    const again = { ...step.context, reads: new Map() }
    expect((await action.handler(again)).data).toEqual({ id: memoryId })
  })

  it('gets what ElizaOS gives, and the id that its message will have', async () => {
    const seen: unknown[] = []
    const plugin = acting(async (...given) => {
      const [, message, state, options, callback, responses] = given
      const { key, parameters, actionContext } = options ?? {}
      seen.push(
        message.content.text,
        state?.values.mood,
        state?.data.actionParams,
        responses?.length,
      )
      seen.push(key, parameters, actionContext)
      seen.push((await callback?.({ text: 'one' }))?.[0]?.id)
    })
    const { bench, id } = await opened(plugin)
    const { context } = await ran(bench, id, { parameters: { size: 3 } })
    const { turnId } = context.turn
    expect(seen).toEqual([
      ...['hello', 'calm', { size: 3 }, 1],
      `${turnId}:1:runAction:0`,
      { size: 3 },
      { previousResults: [], getPreviousResult: expect.any(Function) },
      stringToUuid(`${turnId}:1:runAction:0:message-memory:0`),
    ])
  })

  it('finds results of earlier actions by name', async () => {
    const seen: unknown[] = []
    const plugin = acting((_runtime, _message, _state, options) => {
      const { actionContext } = options as { actionContext: { getPreviousResult: Lookup } }
      seen.push(actionContext.getPreviousResult('FIRST'), actionContext.getPreviousResult('NONE'))
    })
    type Lookup = (name: string) => unknown
    const { bench, id } = await opened(plugin)
    const { context } = stepOf(bench, id)
    const first = { success: true, text: 'did it', action: 'FIRST' }
    await actionOf(bench, id, 'ACT').handler({ ...context, previous: [first] })
    expect(seen).toEqual([
      { success: true, text: 'did it', data: { actionName: 'FIRST' } },
      undefined,
    ])
  })

  it.each([
    [undefined, { success: true }],
    [null, { success: true }],
    [true, { success: true }],
    [false, { success: false }],
    [{ text: 'done' }, { success: true, text: 'done' }],
    [
      { success: false, error: new Error('no luck') },
      { success: false, error: 'no luck' },
    ],
    [{ values: { a: 1, f: () => 1 } }, { success: true, values: { a: 1 } }],
    [{ total: 4 }, { success: true, data: { legacyResult: { total: 4 } } }],
    ['plain', { success: true, data: { legacyResult: 'plain' } }],
  ])('that returns %j has the result %j', async (returned, result) => {
    const { bench, id } = await opened(acting(() => returned))
    expect((await ran(bench, id)).result).toEqual(result)
  })

  it('changes a state and a message of its own, and nobody else’s', async () => {
    const plugin = acting((_runtime, message, state) => {
      message.content.text = 'changed'
      if (!state) return
      state.values.mood = 'angry'
      state.data.list = []
    })
    const { bench, id } = await opened(plugin)
    const { context } = await ran(bench, id)
    expect(context.message.content.text).toBe('hello')
    expect(context.state).toMatchObject({ values: { mood: 'calm' }, data: { list: [1, 2] } })
  })

  it('that throws fails with an error that names plugin and action, and is counted', async () => {
    const plugin = acting(() => {
      throw new Error('the door is locked')
    })
    const { bench, id } = await opened(plugin)
    await expect(ran(bench, id)).rejects.toThrow(
      "The action ACT of the plugin 'acting' failed: the door is locked",
    )
    expect(faultOf(bench, id, 'action ACT')).toMatchObject({
      ...{ count: 1, lastError: 'the door is locked', openUntil: null },
    })
  })

  it('that never ends is left behind when its time is up', async () => {
    const signals: unknown[] = []
    const plugin = acting((_runtime, _message, _state, options) => {
      signals.push(options?.abortSignal)
      return new Promise(() => undefined)
    })
    const { bench, id } = await opened(plugin, { timeMs: { action: 30 } })
    await expect(ran(bench, id)).rejects.toThrow('It gave nothing within 30 ms.')
    expect(signals).toEqual([expect.objectContaining({ aborted: true })])
  })

  it('that is cancelled with its turn is no fault of its own', async () => {
    const plugin = acting(() => new Promise(() => undefined))
    const { bench, id } = await opened(plugin)
    const step = stepOf(bench, id)
    const running = actionOf(bench, id, 'ACT').handler(step.context)
    step.cancel(new Error('the turn was cancelled'))
    await expect(running).rejects.toThrow('the turn was cancelled')
    expect(faultOf(bench, id, 'action ACT')).toBeUndefined()
  })

  it('does not validate when its validate throws or takes too long', async () => {
    const broken = () => {
      throw new Error('no')
    }
    for (const validate of [broken, () => new Promise(() => undefined)]) {
      const { bench, id } = await opened(
        acting(() => undefined, { validate }),
        {
          timeMs: { validate: 20 },
        },
      )
      const { context } = stepOf(bench, id)
      expect(await actionOf(bench, id, 'ACT').validate?.(context, context.state)).toBe(false)
      expect(faultOf(bench, id, 'validate of action ACT')?.count).toBe(1)
    }
  })

  it('asks for agreement first when it says so, and whatever is not plainly no is a yes', async () => {
    const requiresApproval = ({ sum }: { sum?: number }) => (sum ?? 0) > 10
    const { bench, id } = await opened(acting(() => undefined, { requiresApproval }))
    const asks = actionOf(bench, id, 'ACT').requiresApproval
    if (typeof asks !== 'function') throw new Error('It never asks.')
    expect([await asks({ sum: 5 }), await asks({ sum: 50 })]).toEqual([false, true])
  })
})

describe('the callback of an action', () => {
  it('called ten times says ten messages', async () => {
    const plugin = acting(async (_runtime, _message, _state, _options, callback) => {
      for (let count = 1; count <= 10; count += 1) await callback?.({ text: `message ${count}` })
    })
    const { bench, id } = await opened(plugin)
    const { said } = await ran(bench, id)
    expect(said.map(({ text }) => text)).toEqual(
      Array.from({ length: 10 }, (_, index) => `message ${index + 1}`),
    )
  })

  it('is refused by name beyond the limit, and what was said before stays', async () => {
    const plugin = acting(async (_runtime, _message, _state, _options, callback) => {
      for (let count = 0; count <= DEFAULT_LIMITS.callbacks; count += 1)
        await callback?.({ text: 'x' })
    })
    const { bench, id } = await opened(plugin)
    const step = stepOf(bench, id)
    await expect(actionOf(bench, id, 'ACT').handler(step.context)).rejects.toThrow(
      "A message of the action ACT of the plugin 'acting' is refused: 20 messages of one call are the limit.",
    )
    expect(step.said).toHaveLength(20)
  })

  it('is refused and counted after the action returned, also when nobody awaits it', async () => {
    const { promise: late, resolve } = Promise.withResolvers<() => Promise<unknown>>()
    const plugin = acting((_runtime, _message, _state, _options, callback) => {
      resolve(async () => callback?.({ text: 'too late' }))
    })
    const { bench, id } = await opened(plugin)
    const { said, context } = await ran(bench, id)
    const call = await late
    await expect(call()).rejects.toThrow(
      `it came after the member had ended, in turn '${context.turn.turnId}'`,
    )
    void call().catch(() => undefined)
    expect(said).toEqual([])
    expect(faultOf(bench, id, 'action ACT')).toMatchObject({ count: 2 })
  })

  it('keeps what is JSON, names what is not, and says nothing that has no words', async () => {
    const cycle: Record<string, unknown> = { name: 'me' }
    cycle.self = cycle
    const plugin = acting(async (_runtime, _message, _state, _options, callback) => {
      const given = { text: 'look', at: new Date(0), client: new Map(), run: () => 1, cycle }
      await callback?.(given, [{ url: 'https://example.com/a.png', contentType: 'image' }, 7])
      await callback?.({ thought: 'quiet', actions: ['IGNORE'] })
    })
    const { bench, id } = await opened(plugin)
    const { said } = await ran(bench, id)
    expect(said).toEqual([
      {
        ...{ text: 'look', at: '1970-01-01T00:00:00.000Z', cycle: { name: 'me' } },
        attachments: [{ url: 'https://example.com/a.png', contentType: 'image' }],
      },
    ])
    const warning = bench.lines.find(({ message }) => message.includes('What is no JSON'))
    expect(warning?.message).toContain('client, run, cycle.self')
  })
})
