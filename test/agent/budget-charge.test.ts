import { describe, expect, it } from '@jest/globals'
import { type ChargeInput, chargeFor, DEFAULT_MAX_TOKENS } from '../../agent/budget-charge.ts'
import { budgetsOf } from '../../agent/budgets.ts'

const PRICE = { input: 3, output: 15 }

const charge = (given: Partial<ChargeInput>) =>
  chargeFor({
    ...{ budgets: [{ per: 'agent', period: 'day', money: 1 }], agentId: 'a' },
    ...{ worldId: 'w', roomId: 'r', userId: 'u', vendor: 'openai', model: 'stub' },
    ...{ inputTokens: 1_000, maxTokens: 500, card: { price: PRICE, maxOutputTokens: 8_000 } },
    ...given,
  })

const linesOf = (given: Partial<ChargeInput>) => {
  const verdict = charge(given)
  return verdict.kind === 'charged' ? verdict.charge.lines : verdict
}
const amountOf = (given: Partial<ChargeInput>) => {
  const lines = linesOf(given)
  return Array.isArray(lines) ? lines.map(({ amount }) => amount) : lines
}

describe('what a call may cost at most', () => {
  it('is the whole prompt and the longest answer, each at its price', () => {
    expect(linesOf({})).toEqual([
      {
        ...{ scope: 'agent', scopeId: 'a', period: 'day', unit: 'money' },
        ...{ limit: 1, amount: 0.0105, atLimit: 'apology' },
      },
    ])
  })

  it('counts the prompt at its dearest: it may have to be written to the cache', () => {
    const price = { ...PRICE, cachedInput: 0.3, cacheWrite: 3.75 }
    expect(amountOf({ card: { price, maxOutputTokens: 8_000 } })).toEqual([0.01125])
  })

  it('is never a billionth below what is billed', () => {
    const price = { input: 0.1, output: 0.2 }
    for (const inputTokens of [1, 3, 7, 1_234_567]) {
      const [amount] = amountOf({
        inputTokens,
        card: { price, maxOutputTokens: 8_000 },
      }) as number[]
      const billed = (inputTokens * 0.1 + 500 * 0.2) / 1e6
      expect(amount).toBeGreaterThanOrEqual(Number(billed.toFixed(9)))
    }
  })

  it('is in tokens what is read and written together', () => {
    const budgets = [{ per: 'user', period: 'month', tokens: 9 }] as const
    expect(linesOf({ budgets })).toMatchObject([{ scopeId: 'u', unit: 'tokens', amount: 1_500 }])
  })

  it('is nothing of a model that is free', () => {
    const card = { price: { input: 0, output: 0 }, maxOutputTokens: 8_000 }
    expect(amountOf({ card })).toEqual([0])
  })
})

describe('the longest answer', () => {
  const maxTokens = (given: Partial<ChargeInput>) => {
    const verdict = charge(given)
    return verdict.kind === 'charged' ? verdict.maxTokens : verdict.kind
  }

  it('is what the caller allows, or a cap where he names none, and at most what the model can', () => {
    expect(maxTokens({})).toBe(500)
    expect(maxTokens({ maxTokens: undefined })).toBe(DEFAULT_MAX_TOKENS)
    expect(maxTokens({ card: { price: PRICE, maxOutputTokens: 100 } })).toBe(100)
  })

  it('is nobody’s business without a budget', () => {
    expect(charge({ budgets: [] })).toEqual({ kind: 'free' })
  })
})

describe('the budgets that count a call', () => {
  it('are those whose agent, world, room or user it is for', () => {
    const budgets = (['agent', 'world', 'room', 'user'] as const).map(
      (per) => ({ per, period: 'day', tokens: 9 }) as const,
    )
    const scopes = (given: Partial<ChargeInput>) =>
      JSON.stringify(linesOf({ budgets, ...given })).match(/"scopeId":"."/g)?.length
    expect(scopes({})).toBe(4)
    expect(scopes({ worldId: undefined, roomId: undefined, userId: undefined })).toBe(1)
    expect(charge({ budgets: budgets.slice(3), userId: undefined })).toEqual({ kind: 'free' })
  })

  it('are counted once where two limit the same: the lower limit stands, or the stricter choice', () => {
    const day = { per: 'agent', period: 'day' } as const
    const budgets = [
      { ...day, money: 2, atLimit: 'stop' },
      { ...day, money: 1, tokens: 5, atLimit: 'smaller' },
      { ...day, tokens: 5 },
    ] as const
    expect(linesOf({ budgets })).toMatchObject([
      { unit: 'money', limit: 1, atLimit: 'smaller' },
      { unit: 'tokens', limit: 5, atLimit: 'apology' },
    ])
  })

  it('are the operator’s and the agent’s own', () => {
    const [ours, own] = [
      { per: 'user', period: 'day', money: 1 },
      { per: 'agent', period: 'day', tokens: 5 },
    ] as const
    expect(budgetsOf({ budgets: [own] }, [ours])).toEqual([ours, own])
    expect(budgetsOf({}, [ours])).toEqual([ours])
  })

  it('are never taken for none because they cannot be read', () => {
    expect(() => budgetsOf({ budgets: 'all of it' }, [])).toThrow('Write `settings.budgets` anew')
  })
})

describe('a model without a price', () => {
  const card = { maxOutputTokens: 8_000 }

  it('is refused under a budget in money, with what to do', () => {
    const verdict = charge({ card })
    expect(verdict).toMatchObject({ kind: 'refused' })
    expect(JSON.stringify(verdict)).toMatch(/'stub' of openai.*TURNKEEPER_MODEL_PRICES.*tokens/)
  })

  it('is counted in tokens under any other', () => {
    expect(amountOf({ card, budgets: [{ per: 'room', period: 'day', tokens: 9 }] })).toEqual([
      1_500,
    ])
  })
})
