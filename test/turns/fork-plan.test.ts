import { describe, expect, it } from '@jest/globals'
import type { ForkStep } from '../../schema/fork.ts'
import type { JsonObject } from '../../schema/json.ts'
import { planFork } from '../../turns/fork-plan.ts'

const RESPOND = { decision: 'respond' }

function plan(steps: Record<string, JsonObject>, from: ForkStep, prompts = ['decide']) {
  const journaled = {
    turnId: 't-1',
    steps: new Map(Object.entries(steps)),
    prompts: new Set(prompts),
  }
  return planFork(journaled, from)
}

function refusal(steps: Record<string, JsonObject>, from: ForkStep, prompts?: string[]): string {
  try {
    plan(steps, from, prompts)
    return 'It was planned.'
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

describe('what a fork takes over', () => {
  it('is nothing when it begins at the beginning', () => {
    expect(plan({}, 'shouldRespond', [])).toEqual({ steps: [], prompt: undefined, written: [] })
  })

  it('is what stood before its first step, the model that was asked whether to respond included', () => {
    const asked = { shouldRespond: { decision: 'ask' }, 'shouldRespond.model': RESPOND }
    const { steps, prompt } = plan(asked, 'decide')
    expect(steps.map(({ step }) => step)).toEqual([
      ...['shouldRespond', 'shouldRespond.model', 'composeState'],
    ])
    expect(prompt).toBe('decide')
  })

  it('is the last round of a turn that was steered, under the names of the first', () => {
    const steered = {
      ...{ shouldRespond: RESPOND, decide: { actions: ['LOOK'] }, 'runAction:0': { n: 0 } },
      ...{
        'decide:2': { actions: ['ORDER', 'PAY'] },
        'runAction:1': { n: 1 },
        'runAction:2': { n: 2 },
      },
    }
    const { steps, prompt, written } = plan(steered, 'runAction:1', ['decide', 'decide:2'])
    expect(prompt).toBe('decide:2')
    expect(steps.slice(2)).toEqual([
      { step: 'decide', result: { actions: ['ORDER', 'PAY'] } },
      { step: 'runAction:0', result: { n: 1 } },
    ])
    expect(written.map(({ place, step }) => `${place} as ${step}`)).toEqual([
      ...['composeState:2 as composeState', 'decide:2 as decide', 'runAction:1 as runAction:0'],
    ])
  })

  it('is the decision as it was made, also when its reply was said before the turn was parked', () => {
    const decide = { actions: [], reply: null, said: 'Hi.', gen: 1, attempt: 2, chunks: 7 }
    const { steps } = plan({ shouldRespond: RESPOND, decide }, 'settle')
    expect(steps.at(-1)).toEqual({ step: 'decide', result: { actions: [], reply: 'Hi.' } })
  })
})

describe('a fork is refused', () => {
  it('where the agent chose to be silent, and told where it can begin', () => {
    const words = refusal({ shouldRespond: { decision: 'ignore' } }, 'composeState', [])
    expect(words).toContain("cannot be forked from 'composeState': its step 'shouldRespond'")
    expect(words).toContain('It can be forked from shouldRespond.')
  })

  it('where the prompt was never composed, or deleted', () => {
    const words = refusal({ shouldRespond: RESPOND }, 'decide', [])
    expect(words).toContain("its step 'composeState' did not happen")
    expect(words).toContain('It can be forked from shouldRespond, composeState.')
  })

  it('where the decision was cut off', () => {
    const decide = { actions: [], reply: 'Half', interrupted: true }
    expect(refusal({ shouldRespond: RESPOND, decide }, 'settle')).toContain("its step 'decide'")
  })

  it('at an action that was not chosen', () => {
    const words = refusal({ shouldRespond: RESPOND, decide: { actions: [] } }, 'runAction:0')
    expect(words).toContain("has no step 'runAction:0'. It chose no action.")
  })
})
