import { describe, expect, it } from '@jest/globals'
import type { ElizaPlugin, ElizaTestSuite } from '../../../plugins/contract.ts'
import { runSuites, type TestResult } from '../../../plugins/load/run-suites.ts'
import { hashVector, TEST_MODELS } from '../../../plugins/load/test-models.ts'
import type { Runtime } from '../../../plugins/runtime.ts'
import { currentScope } from '../../../plugins/scope.ts'

/** Runs suites with agents that only count themselves. */
async function run(tests: unknown, { failsToOpen = false, limitMs = 1_000 } = {}) {
  const seen = { opened: 0, closed: 0 }
  const told: TestResult[] = []
  const plugin = { name: 'sky', description: '', tests } as ElizaPlugin // some tests give nonsense
  const results = await runSuites({
    loaded: { plugin, version: null, folder: null },
    limitMs,
    onResult: (result) => told.push(result),
    openTestAgent: async () => {
      if (failsToOpen) throw new Error('no database')
      seen.opened += 1
      const runtime = { agentId: `agent-${seen.opened}` } as unknown as Runtime // nothing else is asked
      return {
        runtime,
        close: async () => {
          seen.closed += 1
        },
      }
    },
  })
  expect(results).toEqual(told)
  return { ...seen, results }
}

const test = (name: string, fn: (runtime: Runtime) => unknown) => ({ name, fn })
const suite = (name: string, ...tests: ElizaTestSuite['tests']) => ({ name, tests })

describe('the suites of a plugin', () => {
  it('run in their order, each with an agent of its own', async () => {
    const order: string[] = []
    const note = (name: string) => test(name, ({ agentId }) => order.push(`${agentId} ${name}`))
    const { opened, closed } = await run([suite('x', note('a'), note('b')), suite('y', note('c'))])
    expect(order).toEqual(['agent-1 a', 'agent-1 b', 'agent-2 c'])
    expect({ opened, closed }).toEqual({ opened: 2, closed: 2 })
  })

  it('may be one alone, and have the suite as their this', async () => {
    class Suite {
      name = 'class'
      count = 0
      tests = [
        test('first', function (this: unknown) {
          ;(this as Suite).count += 1
        }),
        test('second', function (this: unknown) {
          if ((this as Suite).count !== 1) throw new Error('not shared')
        }),
      ]
    }
    const { results } = await run(new Suite())
    expect(results.map(({ test: name, error }) => [name, error])).toEqual([
      ['first', undefined],
      ['second', undefined],
    ])
  })

  it('go on after a test that fails, throws no error, or takes too long', async () => {
    const { results, closed } = await run(
      suite(
        's',
        test('throws', () => {
          throw new Error('grey')
        }),
        test('rejects', () => Promise.reject('words')),
        test('hangs', () => new Promise(() => undefined)),
        test('passes', async () => 1),
      ),
      { limitMs: 30 },
    )
    expect(results.map(({ error }) => error)).toEqual([
      ...['grey', 'words', 'It gave nothing within 30 ms.', undefined],
    ])
    expect(closed).toBe(1)
  })

  it('fail when their agent does not start', async () => {
    const { results } = await run(
      suite(
        's',
        test('a', () => 1),
        test('b', () => 1),
      ),
      {
        failsToOpen: true,
      },
    )
    expect(results.map(({ error }) => error)).toEqual(
      ['a', 'b'].map(() => 'Its agent does not start: no database'),
    )
  })

  it('are told from what is none', async () => {
    for (const nothing of [undefined, [], [null, 'x', { name: 'y' }], 7]) {
      expect((await run(nothing)).results).toEqual([])
    }
  })

  it('leave their name on what they leave behind', async () => {
    let late: Promise<unknown> = Promise.resolve()
    const leaves = test('leaves', () => {
      late = new Promise((resolve) => setTimeout(() => resolve(currentScope()), 20))
    })
    await run(suite('s', leaves))
    expect(await late).toMatchObject({ plugin: 'sky', member: 'test leaves', state: 'ended' })
  })
})

describe('the vectors of tests', () => {
  const cosine = (one: string, other: string) => {
    const vector = hashVector(other)
    return hashVector(one).reduce((sum, each, index) => sum + each * (vector[index] ?? 0), 0)
  }

  it('are the same each time, of length 1, and never begin with 0', () => {
    for (const text of ['', 'a', 'The sky is blue.', '日本語', 'x'.repeat(10_000)]) {
      const vector = hashVector(text)
      expect(vector).toEqual(hashVector(text))
      expect(vector).toHaveLength(384)
      expect(Math.hypot(...vector)).toBeCloseTo(1)
      expect(vector[0]).toBeGreaterThan(0)
    }
  })

  it('are nearer for texts that have words in common', () => {
    const question = 'What colour is the sky?'
    expect(cosine(question, 'The sky is blue.')).toBeGreaterThan(cosine(question, 'Cats purr.'))
  })

  it('answer all ways of asking for an embedding', async () => {
    const ask = TEST_MODELS.models?.TEXT_EMBEDDING
    const nobody = {} as Runtime // not asked
    const wanted = hashVector('sky')
    expect(ask?.(nobody, { text: 'sky' })).toEqual(wanted)
    expect(ask?.(nobody, 'sky')).toEqual(wanted)
    expect(ask?.(nobody, null)).toHaveLength(384)
    expect(ask?.(nobody, { texts: ['sky', 'sea'] })).toEqual([wanted, hashVector('sea')])
  })
})
