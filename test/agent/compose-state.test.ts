import { describe, expect, it } from '@jest/globals'
import { composeState } from '../../agent/compose-state.ts'
import type { Provider, ProviderResult } from '../../agent/provider.ts'
import { turnContext } from './turn-context.ts'

const provider = (
  name: string,
  result: ProviderResult,
  more: Partial<Provider> = {},
): Provider => ({
  name,
  get: async () => result,
  ...more,
})

const never = (): Promise<ProviderResult> => new Promise(() => {})

function contextWith(...providers: Provider[]) {
  const context = turnContext()
  return { ...context, agent: { ...context.agent, providers } }
}

describe('composeState', () => {
  it('asks what is neither private nor dynamic, and what is included by name', async () => {
    const context = contextWith(
      provider('A', { text: 'a' }),
      provider('HIDDEN', { text: 'h' }, { private: true }),
      provider('ASKED', { text: 'd' }, { dynamic: true }),
      provider('OTHER', { text: 'o' }, { dynamic: true }),
    )
    expect((await composeState(context)).state.text).toBe('a')
    const options = { include: ['asked', 'HIDDEN', 'A', 'UNHEARD_OF'] }
    expect((await composeState(context, options)).state.text).toBe('a\n\nh\n\nd')
    expect((await composeState(context, { only: ['OTHER'] })).state.text).toBe('o')
  })

  it('joins by position, then by registration, and lets later values win', async () => {
    const context = contextWith(
      provider('LATE', { text: 'late', values: { x: 3 } }, { position: 100 }),
      provider('ONE', { text: ' one ', values: { x: 1, y: 1 } }),
      provider('TWO', { text: 'two', values: { x: 2 } }),
      provider('EMPTY', { text: ' ' }),
      provider('FIRST', { text: 'first', data: { k: 1 } }, { position: -1 }),
    )
    const { state, traces } = await composeState(context)
    expect(state.text).toBe('first\n\none\n\ntwo\n\nlate')
    expect(state.values).toMatchObject({ x: 3, y: 1, agentName: 'Ada', providers: state.text })
    expect(state.data.providers).toMatchObject({ FIRST: { data: { k: 1 } } })
    expect(traces.map(({ name }) => name)).toEqual(['FIRST', 'ONE', 'TWO', 'EMPTY', 'LATE'])
    expect(traces[0]).toMatchObject({ chars: 5 })
  })

  it('asks one of two providers with the same name', async () => {
    const context = contextWith(provider('A', { text: 'ours' }), provider('a', { text: 'theirs' }))
    const { state, traces } = await composeState(context, { include: ['A', 'a'] })
    expect(state.text).toBe('ours')
    expect(traces).toHaveLength(1)
  })

  it('goes on without one that throws, at once or later, or gives nonsense, and names it', async () => {
    const context = contextWith(
      provider('LATER', {}, { get: () => Promise.reject(new Error('no luck')) }),
      provider(
        'AT_ONCE',
        {},
        {
          get: () => {
            throw new Error('bad start')
          },
        },
      ),
      provider('NONSENSE', JSON.parse('{"text": 5, "values": [1], "data": "x"}')),
      provider('NOTHING', JSON.parse('null')),
      provider('TRICK', { values: JSON.parse('{"__proto__": {"polluted": true}}') }),
      provider('GOOD', { text: 'good' }),
    )
    const { state, traces } = await composeState(context)
    expect(state.text).toBe('good')
    expect('polluted' in state.values).toBe(false)
    expect(traces.filter(({ error }) => error !== undefined)).toEqual([
      { name: 'LATER', ms: expect.any(Number), chars: 0, error: 'no luck' },
      { name: 'AT_ONCE', ms: expect.any(Number), chars: 0, error: 'bad start' },
    ])
  })

  it('goes on without one that is late, and tells it by its own signal', async () => {
    const signals: AbortSignal[] = []
    const get: Provider['get'] = ({ signal }) => {
      signals.push(signal)
      return never()
    }
    const context = contextWith(provider('SLOW', {}, { get }), provider('GOOD', { text: 'good' }))
    const { state, traces } = await composeState(context, { timeoutMs: 30 })
    expect(state.text).toBe('good')
    expect(traces[0]).toMatchObject({ name: 'SLOW', error: 'It gave nothing within 30 ms.' })
    expect(signals.map(({ aborted }) => aborted)).toEqual([true])
    expect(context.signal.aborted).toBe(false)
  })

  it('runs them at the same time', async () => {
    const { promise, resolve } = Promise.withResolvers<ProviderResult>()
    const waits = provider('WAITS', {}, { get: () => promise })
    const frees = provider(
      'FREES',
      {},
      {
        get: async () => {
          resolve({ text: 'freed' })
          return {}
        },
      },
    )
    expect((await composeState(contextWith(waits, frees))).state.text).toBe('freed')
  })

  it('fails with a required provider: there would be nothing to answer', async () => {
    const get = () => Promise.reject(new Error('connection lost'))
    const context = contextWith(provider('NEEDED', {}, { required: true, get }))
    await expect(composeState(context)).rejects.toThrow('connection lost')
  })

  it('ends when the turn is cancelled', async () => {
    const cancel = new AbortController()
    const get = () => {
      cancel.abort(new Error('cancelled'))
      return never()
    }
    const context = { ...contextWith(provider('SLOW', {}, { get })), signal: cancel.signal }
    await expect(composeState(context)).rejects.toThrow('cancelled')
  })
})
