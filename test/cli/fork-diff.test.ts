import { describe, expect, it } from '@jest/globals'
import type { TurnDiff } from '../../api/forks-port.ts'
import { renderDiff } from '../../cli/fork-diff.ts'
import { createPaint } from '../../cli/paint.ts'

const before: TurnDiff['before'] = {
  ...{ turnId: 't-1', gen: 1, state: 'replied', code: null, error: null },
  ...{ models: ['openai/small'], calls: 1, inputTokens: 812, outputTokens: 40 },
  ...{ cost: 0.001, modelMs: 1_200, latencyMs: 1_300 },
}

const ordered = {
  ...{ action: 'ORDER', parameters: { n: 1 }, success: true, dryRun: false, wouldAsk: false },
  ...{ said: ['Ordered \x1b[2J.'], error: null },
}

const diff: TurnDiff = {
  ...{ forkId: 'f-1', forkOf: 't-1', from: 'decide', model: 'large', character: 'Bob' },
  ...{ state: 'replied', before },
  after: { ...before, turnId: 'f-1', models: ['openai/large'], outputTokens: 9, cost: null },
  prompt: ['@@ -1,1 +1,1 @@', '-You are Ada.', '+You are \x1b]0;Bob.'],
  actions: {
    before: [ordered, { ...ordered, action: 'LOOK', said: [] }],
    after: [
      { ...ordered, parameters: { n: 2 }, dryRun: true, wouldAsk: true, said: [] },
      { ...ordered, action: 'PAY', success: false, error: 'No money.', said: [] },
    ],
    ...{ added: ['PAY'], removed: ['LOOK'] },
    changed: [{ action: 'ORDER', before: { n: 1 }, after: { n: 2 } }],
  },
  text: { before: 'Hi.', after: 'Ahoy.', diff: ['@@ -1,1 +1,1 @@', '-Hi.', '+Ahoy.'] },
}

const shown = (more: Partial<TurnDiff> = {}) => renderDiff({ ...diff, ...more }, createPaint(false))

describe('the difference of a fork', () => {
  it('says what was forked, from where, and what it cost, side by side', () => {
    const text = shown()
    expect(text).toContain('Fork f-1  from decide, with the model large, as Bob\n  of turn   t-1\n')
    expect(text).toMatch(/^ {2}model {7}openai\/small {2,}openai\/large$/m)
    expect(text).toMatch(/^ {2}tokens {6}812 in, 40 out {2,}812 in, 9 out$/m)
    expect(text).toMatch(/^ {2}cost {8}\$0\.001000 {2,}unknown$/m)
  })

  it('shows the lines of prompt and text, with foreign controls as pictures', () => {
    expect(shown()).toContain('Prompt\n@@ -1,1 +1,1 @@\n-You are Ada.\n+You are ␛]0;Bob.\n')
    expect(shown()).toContain('Text\n@@ -1,1 +1,1 @@\n-Hi.\n+Ahoy.')
    expect(shown({ prompt: [], text: { before: 'a', after: 'a', diff: [] } })).toContain(
      'Prompt\n  the same',
    )
    const silent = { before: null, after: null, diff: [] }
    expect(shown({ text: silent })).toContain('Text\n  neither said anything')
  })

  it('shows which actions came and went, were rehearsed, and got other parameters', () => {
    const [, section = ''] = shown().split('\nActions\n')
    expect(section.split('\n\n')[0]?.split('\n')).toEqual([
      '- LOOK',
      '  ORDER (not carried out: it has an effect; would have asked first)',
      '+ PAY (No money.)',
      '  parameters of ORDER',
      '  - {"n":1}',
      '  + {"n":2}',
    ])
    const none = { before: [], after: [], added: [], removed: [], changed: [] }
    expect(shown({ actions: none })).not.toContain('Actions')
  })

  it('says when another model answered than the one that was asked for', () => {
    expect(shown()).not.toContain('another one answered')
    const after = { ...diff.after, models: ['eliza/eliza'] }
    expect(shown({ after })).toContain("The model 'large' was asked for, and another one answered.")
  })

  it('is coloured only where colours are wanted', () => {
    expect(shown()).not.toContain('\x1b')
    expect(renderDiff(diff, createPaint(true))).toContain('\x1b[31m-Hi.')
  })
})
