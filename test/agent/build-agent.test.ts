import { describe, expect, it } from '@jest/globals'
import type { Action } from '../../agent/action.ts'
import { buildAgent } from '../../agent/build-agent.ts'

const action = (name: string, description: string): Action => ({
  name,
  description,
  effect: 'once',
  handler: async () => ({ success: true }),
})

describe('buildAgent', () => {
  const character = { name: 'Ada', bio: 'x' }

  it('gives every agent the built-in members', () => {
    const agent = buildAgent('id', character, { a: 1 }, [])
    expect(agent).toMatchObject({ id: 'id', character, settings: { a: 1 } })
    expect(agent.actions.map(({ name }) => name)).toEqual([
      ...['REPLY', 'IGNORE', 'NONE', 'CHOOSE_OPTION'],
    ])
    expect(agent.providers.map(({ name }) => name)).toEqual([
      'CHARACTER',
      'ACTIONS',
      'ENTITIES',
      'CHOICE',
      'ATTACHMENTS',
      'RECENT_MESSAGES',
      'TIME',
    ])
    expect(agent.evaluators.map(({ name }) => name)).toEqual(['REFLECTION'])
  })

  it('lets ours win over a plugin, and the first plugin over the second', () => {
    const one = {
      name: 'one',
      description: '',
      actions: [action('reply', 'theirs'), action('X', '1')],
    }
    const two = { name: 'two', description: '', actions: [action('X', '2'), action('Y', '2')] }
    const { actions } = buildAgent('id', character, {}, [one, two])
    expect(actions.map(({ name }) => name)).toEqual([
      ...['REPLY', 'IGNORE', 'NONE', 'CHOOSE_OPTION', 'X', 'Y'],
    ])
    expect(actions.find(({ name }) => name === 'X')?.description).toBe('1')
  })
})
