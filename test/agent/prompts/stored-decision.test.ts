import { describe, expect, it } from '@jest/globals'
import type { Action } from '../../../agent/action.ts'
import { wantedDecision } from '../../../agent/decision-mode.ts'
import {
  decisionModeOf,
  stableLengthOf,
  storedFacts,
  toolsOf,
} from '../../../agent/prompts/stored-decision.ts'

const action = (name: string): Action => ({
  name,
  description: name,
  effect: 'none',
  handler: async () => ({ success: true }),
})

const agent = { actions: [action('REPLY'), action('ORDER'), action('WAVE')] }
const stored = (state = {}) => ({ prompt: 'A prompt.', state })

describe('what a stored prompt says about its call', () => {
  it('outlives storage as JSON', () => {
    const facts = { decision: 'tools', tools: ['REPLY', 'WAVE', 'GONE'], stableLength: 2 } as const
    const read = stored(JSON.parse(JSON.stringify(storedFacts(facts))))
    expect(stableLengthOf(read)).toBe(2)
    expect(decisionModeOf(read)).toBe('tools')
    // A fork may run with an agent that has lost an action, or got one.
    expect(toolsOf(agent, read)?.specs.map(({ name }) => name)).toEqual(['WAVE'])
  })

  it('asks for XML where nothing is said, as in prompts of older versions', () => {
    expect(decisionModeOf(stored())).toBe('xml')
    expect(toolsOf(agent, stored())).toBeUndefined()
    expect(stableLengthOf(stored())).toBe(0)
  })

  it.each([-1, 1.5, 10, '3', null])('takes no stable length of %p', (stableLength) => {
    expect(stableLengthOf(stored({ stableLength }))).toBe(0)
  })
})

describe('the kind of decision', () => {
  it.each([
    [{}, undefined, 'xml'],
    [{}, 'tools', 'tools'],
    [{ decision: 'xml' }, 'tools', 'xml'],
    [{ DECISION: 'Tools' }, undefined, 'tools'],
    [{ decision: 'guess' }, 'tools', 'tools'],
  ] as const)('of an agent with %j where %p is usual is %s', (settings, usual, decision) => {
    expect(wantedDecision(settings, usual)).toBe(decision)
  })
})
