import { describe, expect, it } from '@jest/globals'
import { agentHopsOf, loopStop } from '../../agent/agent-loops.ts'

const agent = (limit?: unknown) => ({ settings: { AGENT_LOOP_LIMIT: limit } })

describe('agents that answer each other', () => {
  it('stop at the fifth message in a row, and the trace says why', () => {
    expect(loopStop({ agentHops: 4 }, agent())).toBeUndefined()
    expect(loopStop({ agentHops: 5 }, agent())).toEqual({
      ...{ rule: 'agent_loop_limit', agentHops: 5, limit: 5 },
    })
  })

  it.each([
    [2, 2],
    ['2', 2],
    [0, 1],
  ])('stop earlier with AGENT_LOOP_LIMIT %j', (limit, agentHops) => {
    expect(loopStop({ agentHops: agentHops - 1 }, agent(limit))).toBeUndefined()
    expect(loopStop({ agentHops }, agent(limit))).toBeDefined()
  })

  it.each(['', 'many', -1, 1.5, null])('stop at five when the setting is %j', (limit) => {
    expect(loopStop({ agentHops: 4 }, agent(limit))).toBeUndefined()
    expect(loopStop({ agentHops: 5 }, agent(limit))).toMatchObject({ limit: 5 })
  })
})

it('a person is always answered, whatever the limit', () => {
  expect(loopStop({ text: 'Hello' }, agent(0))).toBeUndefined()
})

it.each(['3', 1.5, -2, null, undefined])('%j counts as a person’s message', (agentHops) => {
  expect(agentHopsOf({ agentHops })).toBe(0)
})
