import { describe, expect, it } from '@jest/globals'
import { UnavailableError } from '../../../agent/errors.ts'
import { createHealth } from '../../../plugins/host/health.ts'
import { createIsolation } from '../../../plugins/host/isolate.ts'
import { DEFAULT_LIMITS } from '../../../plugins/host/limits.ts'
import { createLoopWatch } from '../../../plugins/host/loop-watch.ts'
import { plainJson } from '../../../plugins/host/plain-json.ts'
import { hidingSecrets, reasonOf } from '../../../plugins/host/reason.ts'
import { currentScope, type MemberScope } from '../../../plugins/scope.ts'
import { eventually } from '../../support/eventually.ts'

const NO_LOG = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
}

const blocks: { scopes: readonly MemberScope[]; ms: number }[] = []
const plain = (text: string) => text

function isolation(blockMs = 10_000) {
  const shared = { redact: plain, now: Date.now }
  const limits = DEFAULT_LIMITS
  const health = createHealth({ agentId: 'a', limits, log: NO_LOG, ...shared })
  const watch = createLoopWatch({ blockMs, onBlock: (scopes, ms) => blocks.push({ scopes, ms }) })
  return createIsolation({ health, limits, watch, ...shared })
}

const call = (name: string, limitMs = 1_000) => ({
  ...{ plugin: 'p', kind: 'route' as const, name, limitMs },
  scope: (_: AbortSignal, member: string): MemberScope => ({
    ...{ agentId: 'a', plugin: 'p', member, state: 'open' },
  }),
})

describe('isolating a member', () => {
  it('runs it in its scope, which ends with it', async () => {
    const scope = await isolation().run(call('/x'), () => currentScope())
    expect(scope).toMatchObject({ plugin: 'p', member: 'route /x', state: 'ended' })
  })

  it('ends its scope and aborts its signal when its time is up, but not when it returned', async () => {
    const own = isolation()
    const signals: AbortSignal[] = []
    const scopes: MemberScope[] = []
    await own.run(call('/quick'), (signal) => void signals.push(signal))
    const hanging = own.run(call('/slow', 20), (signal, scope) => {
      signals.push(signal)
      scopes.push(scope)
      return new Promise(() => undefined)
    })
    await expect(hanging).rejects.toThrow(
      "The route /slow of the plugin 'p' failed: It gave nothing",
    )
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, true])
    expect(scopes[0]?.state).toBe('ended')
  })

  it('passes what ours throw below it, and does not hold it against the plugin', async () => {
    const own = isolation()
    const away = new UnavailableError('Postgres is away.')
    await expect(own.run(call('/x'), () => Promise.reject(away))).rejects.toBe(away)
    expect(own.health.faults('p')).toEqual([])
  })

  it('survives whatever is thrown', async () => {
    const own = isolation()
    for (const thrown of [undefined, null, 'text', 0, Object.create(null), Symbol('s')]) {
      await expect(own.run(call('/x'), () => Promise.reject(thrown))).rejects.toThrow(
        "plugin 'p' failed",
      )
    }
    expect(own.health.faults('p')).toMatchObject([{ count: 6 }])
  })

  it('names who kept the process from working', async () => {
    const busy = (ms: number) => {
      const until = performance.now() + ms
      while (performance.now() < until);
    }
    blocks.length = 0
    await isolation(40).run(call('/at-once'), () => busy(80))
    expect(blocks).toMatchObject([{ scopes: [{ member: 'route /at-once' }] }])
    await isolation(40).run(call('/later'), async () => {
      await new Promise((resolve) => setImmediate(resolve))
      busy(150)
    })
    await eventually(() => blocks.some(({ scopes }) => scopes[0]?.member === 'route /later'))
  })
})

describe('what is remembered of faults', () => {
  it('is bounded', () => {
    const limits = DEFAULT_LIMITS
    const health = createHealth({ agentId: 'a', limits, log: NO_LOG, redact: plain, now: () => 1 })
    for (let count = 0; count < 500; count += 1) {
      health.note({ plugin: 'p', member: `m${count}` }, new Error('x'.repeat(5_000)))
    }
    const faults = health.faults('p')
    expect([faults.length, faults[0]?.lastError.length]).toEqual([200, 500])
  })

  it('holds causes, and no secrets', () => {
    const error = new Error('could not log in', { cause: new Error('401 for abc-secret at x') })
    expect(reasonOf(error, hidingSecrets(plain, ['abc-secret', 'x']))).toBe(
      'could not log in Cause: 401 for [secret] at x',
    )
  })
})

describe('a copy as JSON', () => {
  it('keeps lists of lists, and leaves out what throws when it is read', () => {
    const nasty = {
      list: [[1, 2], [], [undefined, 3]],
      big: 12n,
      not: Number.NaN,
      get trap(): never {
        throw new Error('trapped')
      },
    }
    expect(plainJson(nasty)).toEqual({
      json: { list: [[1, 2], [], [3]], big: '12' },
      dropped: ['not', 'trap'],
    })
  })

  it('ends in what is nested without end', () => {
    let deep: unknown = 'bottom'
    for (let count = 0; count < 100_000; count += 1) deep = [deep]
    expect(plainJson(deep).dropped).toHaveLength(1)
  })
})
