import { describe, expect, it } from '@jest/globals'
import type { Action, ActionContext } from '../../../agent/action.ts'
import type { Provider } from '../../../agent/provider.ts'
import { createRuntime } from '../../../plugins/facade/create-runtime.ts'
import {
  AGENT_ID,
  type FakeHostOptions,
  fakeRuntimeHost,
  fakeTurn,
  ROOM_ID,
} from '../../support/fake-runtime-host.ts'

const house = (options: FakeHostOptions = {}) => {
  const host = fakeRuntimeHost(options)
  return { host, runtime: createRuntime(host), turn: fakeTurn(host) }
}

const provider = (name: string, more: Partial<Provider> = {}): Provider => ({
  name,
  get: async () => ({ text: `It is ${name}.`, values: { [name]: true } }),
  ...more,
})

const action = (name: string, more: Partial<Action> = {}): Action => ({
  ...{ name, description: '', effect: 'none' },
  handler: async () => ({ success: true, text: `${name} is done.` }),
  ...more,
})

const decided = (...actions: string[]) => [
  { entityId: AGENT_ID, roomId: ROOM_ID, content: { actions } },
]

describe('composeState', () => {
  const providers = [
    provider('SECOND', { position: 2 }),
    provider('FIRST', { position: 1 }),
    provider('ASKED', { dynamic: true }),
    provider('HIDDEN', { private: true }),
  ]

  it('asks the default providers and those that are named', async () => {
    const { runtime, turn } = house({ providers })
    const state = await turn.run(() => runtime.composeState(turn.message, ['HIDDEN']))
    expect(state.text).toBe('It is HIDDEN.\n\nIt is FIRST.\n\nIt is SECOND.')
    expect(Object.keys(state.data.providers as object)).toEqual(['HIDDEN', 'FIRST', 'SECOND'])
    expect(state.values).toMatchObject({ FIRST: true, HIDDEN: true, agentName: 'Ada' })
  })

  it('asks only those that are named, and all when none is', async () => {
    const { runtime, turn } = house({ providers })
    const only = await turn.run(() => runtime.composeState(turn.message, ['ASKED'], true))
    expect(only.text).toBe('It is ASKED.')
    const all = await turn.run(() => runtime.composeState(turn.message, [], true))
    expect(all.text).toBe('It is FIRST.\n\nIt is SECOND.')
  })

  it('keeps what was composed before for the same message, unless told otherwise', async () => {
    const { runtime, turn } = house({ providers })
    await turn.run(() => runtime.composeState(turn.message, ['ASKED'], true))
    const merged = await turn.run(() => runtime.composeState(turn.message, ['FIRST'], true))
    expect(merged.text).toBe('It is FIRST.')
    expect(merged.values).toMatchObject({ ASKED: true, FIRST: true })
    expect(merged.data.providers).toMatchObject({ ASKED: { text: 'It is ASKED.' } })
    const fresh = await turn.run(() => runtime.composeState(turn.message, ['FIRST'], true, true))
    expect(fresh.values).not.toHaveProperty('ASKED')
  })

  it('gives each plugin a state of its own', async () => {
    const { runtime, turn } = house({ providers })
    const first = await turn.run(() => runtime.composeState(turn.message))
    first.values.FIRST = 'changed'
    Object.assign(first.data.providers as object, { FIRST: null })
    const cached = runtime.stateCache.get(turn.message.id ?? '')
    expect(cached?.values.FIRST).toBe(true)
    expect(cached?.data.providers).toMatchObject({ FIRST: { text: 'It is FIRST.' } })
  })

  it('goes on without a provider that throws', async () => {
    const failing = provider('BROKEN', {
      get: async () => Promise.reject(new Error('It is broken.')),
    })
    const { runtime, turn } = house({ providers: [failing, provider('FINE')] })
    const state = await turn.run(() => runtime.composeState(turn.message))
    expect(state.text).toBe('It is FINE.')
  })

  it('ends providers that ask for each other', async () => {
    let asked = 0
    const circle = provider('CIRCLE', {
      async get() {
        asked += 1
        await turn.run(() => runtime.composeState(turn.message))
        return { text: 'Round.' }
      },
    })
    const { runtime, turn } = house({ providers: [circle, provider('FINE')] })
    const state = await turn.run(() => runtime.composeState(turn.message))
    expect(state.text).toContain('It is FINE.')
    expect(asked).toBeLessThan(10)
  })

  it('works outside of turns, with a context of the host', async () => {
    const { runtime } = house({ providers })
    const message = { entityId: AGENT_ID, roomId: ROOM_ID, content: { text: 'Hi' } }
    expect((await runtime.composeState(message)).text).toBe('It is FIRST.\n\nIt is SECOND.')
  })
})

describe('processActions', () => {
  it('runs what was decided, one after the other, each knowing the results before it', async () => {
    const seen: (string | undefined)[][] = []
    const noting = (name: string) =>
      action(name, {
        async handler({ previous }) {
          seen.push(previous.map(({ text }) => text))
          return { success: true, text: `${name} is done.` }
        },
      })
    const { host, runtime, turn } = house({ actions: [noting('ONE'), noting('TWO')] })
    await turn.run(() => runtime.processActions(turn.message, decided('ONE', 'TWO')))
    expect(seen).toEqual([[], ['ONE is done.']])
    expect(runtime.getActionResults(turn.message.id ?? '')).toMatchObject([
      { success: true, text: 'ONE is done.', data: { actionName: 'ONE' } },
      { success: true, text: 'TWO is done.', data: { actionName: 'TWO' } },
    ])
    const events = host.emitted.map(({ names }) => names[0])
    expect(events).toEqual([
      ...['ACTION_STARTED', 'ACTION_COMPLETED', 'ACTION_STARTED', 'ACTION_COMPLETED'],
    ])
  })

  it('goes on behind an action that throws, and behind one that is not there', async () => {
    const broken = action('BROKEN', { handler: async () => Promise.reject(new Error('No port.')) })
    const { runtime, turn } = house({ actions: [broken, action('FINE')] })
    await turn.run(() => runtime.processActions(turn.message, decided('BROKEN', 'NONE', 'FINE')))
    expect(runtime.getActionResults(turn.message.id ?? '')).toMatchObject([
      { success: false, error: "The action 'BROKEN' failed: No port." },
      { success: false, error: "The agent has no action 'NONE'." },
      { success: true },
    ])
  })

  it('takes names exactly, then similes, and never a part of one', async () => {
    const actions = [action('SEND_MESSAGE', { similes: ['DM'] }), action('SEND')]
    const { runtime, turn } = house({ actions })
    const asked = decided('send message', 'dm', 'SEND_MESS')
    await turn.run(() => runtime.processActions(turn.message, asked))
    const names = runtime
      .getActionResults(turn.message.id ?? '')
      .map(({ data }) => data?.actionName)
    expect(names).toEqual(['SEND_MESSAGE', 'SEND_MESSAGE', 'SEND_MESS'])
    expect(runtime.getActionResults(turn.message.id ?? '')[2]).toMatchObject({ success: false })
  })

  it('validates again, and runs nothing that somebody must agree to', async () => {
    const ran: string[] = []
    const handler = async ({ parameters }: ActionContext) => {
      ran.push(JSON.stringify(parameters))
      return { success: true }
    }
    const actions = [
      action('NOT_NOW', { handler, validate: () => false }),
      action('PAY', { handler, requiresApproval: ({ amount }) => Number(amount) > 10 }),
    ]
    const { runtime, turn } = house({ actions })
    const pay = (amount: number) => [
      { ...turn.message, content: { actions: ['NOT_NOW', 'PAY'], params: { PAY: { amount } } } },
    ]
    await turn.run(() => runtime.processActions(turn.message, pay(100)))
    await turn.run(() => runtime.processActions(turn.message, pay(5)))
    expect(ran).toEqual(['{"amount":5}'])
  })

  it('gives what an action says to the callback, and its writes to the step', async () => {
    const waving = action('WAVE', {
      async handler({ say, write }) {
        say({ text: 'Hello!' })
        write({ kind: 'cache.put', key: 'waved', value: true })
        return { success: true }
      },
    })
    const { host, runtime, turn } = house({ actions: [waving] })
    const heard: unknown[] = []
    const callback = async (content: unknown) => {
      heard.push(content)
      return []
    }
    await turn.run(() => runtime.processActions(turn.message, decided('WAVE'), undefined, callback))
    expect(heard).toEqual([{ text: 'Hello!' }])
    expect(turn.written).toEqual([{ kind: 'cache.put', key: 'waved', value: true }])
    expect([turn.said, host.commits]).toEqual([[], []])
  })

  it('stores at once what an action writes outside of turns', async () => {
    const waving = action('WAVE', {
      async handler({ write, remember, generate }) {
        write({
          kind: 'cache.put',
          key: 'waved',
          value: await generate('TEXT_SMALL', { prompt: 'x' }),
        })
        remember({ type: 'facts', entityId: AGENT_ID, content: { text: 'It waved.' } })
        return { success: true }
      },
    })
    const { runtime } = house({ actions: [waving] })
    const message = { entityId: AGENT_ID, roomId: ROOM_ID, content: { text: 'Hi' } }
    await runtime.processActions(message, decided('WAVE'))
    expect(await runtime.getCache('waved')).toBe('TEXT_SMALL')
    expect(await runtime.getMemories({ tableName: 'facts' })).toHaveLength(1)
  })

  it('puts its results into the next state of the message', async () => {
    const { runtime, turn } = house({ actions: [action('ONE')], providers: [provider('FIRST')] })
    await turn.run(() => runtime.processActions(turn.message, decided('ONE')))
    const state = await turn.run(() => runtime.composeState(turn.message))
    expect(state.data.actionResults).toMatchObject([{ data: { actionName: 'ONE' } }])
  })
})

describe('evaluate', () => {
  it('runs what validates, and goes on behind one that throws', async () => {
    const evaluator = (name: string, more = {}) => ({
      ...{ name, description: '', handler: async () => undefined, ...more },
    })
    const evaluators = [
      evaluator('BROKEN', { alwaysRun: true, handler: () => Promise.reject(new Error('No.')) }),
      evaluator('ALWAYS', { alwaysRun: true }),
      evaluator('AFTER_REPLY'),
      evaluator('NEVER', { alwaysRun: true, validate: () => false }),
    ]
    const { host, runtime, turn } = house({ evaluators })
    const names = async (didRespond: boolean) => {
      const ran = await turn.run(() => runtime.evaluate(turn.message, undefined, didRespond))
      return ran.map(({ name }) => name)
    }
    expect(await names(false)).toEqual(['ALWAYS'])
    expect(await names(true)).toEqual(['ALWAYS', 'AFTER_REPLY'])
    expect(host.faults.map(({ what }) => what)).toEqual(['evaluator BROKEN', 'evaluator BROKEN'])
  })
})

describe('REPLY by processActions', () => {
  const reply = action('REPLY', { handler: async () => ({ success: true }) })

  it('says the text that stands beside it', async () => {
    const { runtime, turn } = house({ actions: [reply] })
    const heard: unknown[] = []
    const callback = async (content: unknown) => {
      heard.push(content)
      return []
    }
    const response = { ...turn.message, content: { text: 'Good morning.', actions: ['REPLY'] } }
    await turn.run(() => runtime.processActions(turn.message, [response], undefined, callback))
    expect(heard).toEqual([{ text: 'Good morning.', actions: ['REPLY'] }])
  })

  it('fails where nothing does', async () => {
    const { runtime, turn } = house({ actions: [reply] })
    await turn.run(() => runtime.processActions(turn.message, decided('REPLY')))
    expect(runtime.getActionResults(turn.message.id ?? '')).toMatchObject([{ success: false }])
  })
})
