import { describe, expect, it } from '@jest/globals'
import { parseCharacter } from '../../schema/character.ts'
import { ConfigError, loadConfig } from '../../schema/load-config.ts'

const DAILY = { per: 'user', period: 'day', money: 0.5 }

const inCharacter = (budgets: unknown) => {
  const json = { name: 'Ada', bio: 'Kind.', settings: { budgets } }
  try {
    return parseCharacter(JSON.parse(JSON.stringify(json)), 'ada.json').settings?.budgets
  } catch (error) {
    return error instanceof Error ? error.message : error
  }
}

const inEnvironment = (text: string) => {
  try {
    return loadConfig({ env: { TURNKEEPER_BUDGETS: text } }).config.budgets
  } catch (error) {
    return error instanceof ConfigError ? error.message : error
  }
}

describe('the budgets of a character', () => {
  it('are kept as they are written', () => {
    const all = [DAILY, { per: 'agent', period: 'month', tokens: 1e6, atLimit: 'stop' }]
    expect(inCharacter(all)).toEqual(all)
    expect(inCharacter([])).toEqual([])
  })

  it.each([
    ['a budget of nothing', [{ per: 'user', period: 'day' }], '`money` (US dollars), `tokens`'],
    ['an unknown scope', [{ ...DAILY, per: 'team' }], 'one of agent, world, room, user'],
    ['an unknown period', [{ ...DAILY, period: 'week' }], 'one of day, month'],
    ['an unknown choice', [{ ...DAILY, atLimit: 'shout' }], 'one of apology, smaller, stop'],
    ['money in words', [{ ...DAILY, money: '$5' }], 'US dollars, more than 0'],
    ['no money at all', [{ ...DAILY, money: 0 }], 'US dollars, more than 0'],
    ['half a token', [{ ...DAILY, tokens: 0.5 }], 'whole tokens'],
    ['a slip of the pen', [{ ...DAILY, atlimit: 'stop' }], "Did you mean 'atLimit'?"],
    ['one that is no list', DAILY, 'a list of at most 20 budgets'],
  ])('are refused with %s, and what to write', (_, budgets, expected) => {
    expect(inCharacter(budgets)).toContain('settings.budgets')
    expect(inCharacter(budgets)).toContain(expected)
  })
})

describe('TURNKEEPER_BUDGETS', () => {
  it('holds the same as JSON, and nothing by default', () => {
    expect(inEnvironment(JSON.stringify([DAILY]))).toEqual([DAILY])
    expect(loadConfig({ env: {} }).config.budgets).toEqual([])
  })

  it.each([
    ['no JSON', '{per: user}'],
    ['no list', '{"per": "user", "period": "day", "money": 1}'],
    ['a budget of nothing', '[{"per": "user", "period": "day"}]'],
  ])('is refused when it is %s, with an example', (_, text) => {
    expect(inEnvironment(text)).toContain('TURNKEEPER_BUDGETS')
    expect(inEnvironment(text)).toContain('[{"per": "user", "period": "day", "money": 0.5}]')
  })
})
