import { describe, expect, it } from '@jest/globals'
import type { ComparedAction, ComparedTurn } from '../../../api/forks-port.ts'
import { compareTurns, unifiedDiff } from '../../../bin/api/compare-turns.ts'

const TURN: ComparedTurn = {
  ...{ turnId: 't', gen: 1, state: 'replied', code: null, error: null, models: [], calls: 0 },
  ...{ inputTokens: 0, outputTokens: 0, cost: 0, modelMs: 0, latencyMs: null },
}

const action = (name: string, parameters = {}): ComparedAction => ({
  ...{ action: name, parameters, success: true, dryRun: false, wouldAsk: false, said: [] },
  error: null,
})

const actionsOf = (before: ComparedAction[], after: ComparedAction[]) => {
  const side = { turn: TURN, prompt: '', text: null }
  return compareTurns({ ...side, actions: before }, { ...side, actions: after }).actions
}

describe('the difference of two texts', () => {
  it('is empty when they are the same', () => {
    expect(unifiedDiff('a\nb', 'a\nb')).toEqual([])
  })

  it('is what `diff -u` shows, without file names and notes', () => {
    const before = ['1', '2', '3', '4', '5', 'old', '7'].join('\n')
    const after = ['1', '2', '3', '4', '5', 'new', '7'].join('\n')
    expect(unifiedDiff(before, after)).toEqual([
      ...['@@ -3,5 +3,5 @@', ' 3', ' 4', ' 5', '-old', '+new', ' 7'],
    ])
  })

  it('keeps a line of the text that looks like a note', () => {
    expect(unifiedDiff('\\ a', '\\ b')).toEqual(['@@ -1,1 +1,1 @@', '-\\ a', '+\\ b'])
  })

  it('ends after 2,000 lines, and soon, whatever the texts are', () => {
    const text = (word: string) =>
      Array.from({ length: 20_000 }, (_, n) => `${word} ${(n * 7919) % 20_011}`).join('\n')
    const lines = unifiedDiff(text('a'), text('b'))
    expect(lines).toHaveLength(2_001)
    expect(lines.at(-1)).toMatch(/^… \d+ more lines$/)
  })
})

describe('the difference of two lists of actions', () => {
  it('names those that only one of them has', () => {
    const { added, removed } = actionsOf(
      [action('LOOK'), action('PAY')],
      [action('PAY'), action('ORDER')],
    )
    expect({ added, removed }).toEqual({ added: ['ORDER'], removed: ['LOOK'] })
  })

  it('shows parameters that differ, whatever the order of their names', () => {
    const before = [action('PAY', { to: 'Kim', amount: 3 }), action('ORDER', { n: 1 })]
    const after = [action('PAY', { amount: 3, to: 'Kim' }), action('ORDER', { n: 2 })]
    expect(actionsOf(before, after).changed).toEqual([
      { action: 'ORDER', before: { n: 1 }, after: { n: 2 } },
    ])
  })

  it('compares an action that was chosen twice with itself, in order', () => {
    const { added, changed } = actionsOf(
      [action('PAY', { n: 1 })],
      [action('PAY', { n: 1 }), action('PAY', { n: 2 })],
    )
    expect({ added, changed }).toEqual({ added: ['PAY'], changed: [] })
  })
})
