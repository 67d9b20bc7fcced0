import { describe, expect, it } from '@jest/globals'
import { answeredShare, type EndedTurn, type Outcome, outcomeOf, outcomeTable } from './outcomes.ts'

const turns = (...given: readonly (readonly [string, string, string?])[]) =>
  new Map<string, EndedTurn>(
    given.map(([id, state, answeredBy = null]) => [id, { id, state, answeredBy }]),
  )

const times = (count: number, outcome: Outcome) => Array<Outcome>(count).fill(outcome)

describe('what became of a message', () => {
  it.each([
    ['replied', 'replied'],
    ['rejected', 'rejected'],
    ['timed_out', 'timed out'],
    ['failed', 'failed'],
    ['ignored', 'ignored'],
    ['running', 'not ended'],
    ['waiting_approval', 'not ended'],
  ])('is its turn’s state: %s', (state, outcome) => {
    expect(outcomeOf('a', turns(['a', state]))).toBe(outcome)
  })

  it('is not accepted when there is no turn', () => {
    expect(outcomeOf(undefined, turns())).toBe('not accepted')
    expect(outcomeOf('a', turns())).toBe('not accepted')
  })

  it.each([
    ['replied', 'merged'],
    ['cancelled', 'cancelled'],
    ['superseded', 'superseded'],
    ['failed', 'failed'],
    ['running', 'not ended'],
  ])('is that of the turn that answers for it: %s', (state, outcome) => {
    expect(outcomeOf('a', turns(['a', 'merged', 'b'], ['b', state]))).toBe(outcome)
  })

  it('is not ended when it was merged into nothing', () => {
    expect(outcomeOf('a', turns(['a', 'merged']))).toBe('not ended')
  })
})

describe('the share of answered messages', () => {
  it('counts what was replied to, itself or together with others', () => {
    expect(answeredShare([...times(3, 'replied'), ...times(1, 'merged')])).toBe(1)
    expect(answeredShare([...times(3, 'replied'), ...times(1, 'failed')])).toBe(0.75)
  })

  it('leaves out what somebody wanted to end otherwise', () => {
    const wanted = (['rejected', 'superseded', 'cancelled'] as const).flatMap((one) =>
      times(9, one),
    )
    expect(answeredShare([...times(4, 'replied'), ...times(1, 'timed out'), ...wanted])).toBe(0.8)
  })

  it.each(['ignored', 'failed', 'timed out', 'not ended', 'not accepted'] as const)(
    'falls by what %s',
    (outcome) => {
      expect(answeredShare([...times(1, 'replied'), outcome])).toBe(0.5)
    },
  )

  it('is nothing when nothing counts', () => {
    expect(answeredShare([])).toBe(0)
    expect(answeredShare(times(5, 'cancelled'))).toBe(0)
  })

  it('is shown with the numbers that make it', () => {
    const table = outcomeTable([...times(8, 'replied'), ...times(2, 'failed'), 'cancelled'])
    expect(table.join('\n')).toMatch(
      /replied +8 {2}answered\n.*cancelled +1 {2}wanted, not counted/,
    )
    expect(table.at(-1)).toMatch(/answered +80\.0 %/)
  })
})
