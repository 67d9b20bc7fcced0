import { describe, expect, it } from '@jest/globals'
import type { Action } from '../../agent/action.ts'
import { buildAgent } from '../../agent/build-agent.ts'

const action = (name: string, description: string): Action => ({
  name,
  description,
  effect: 'once',
  handler: async () => ({ success: true }),
})

const OURS = [
  ...['REPLY', 'IGNORE', 'NONE', 'CHOOSE_OPTION', 'FOLLOW_ROOM', 'UNFOLLOW_ROOM'],
  ...['MUTE_ROOM', 'UNMUTE_ROOM', 'SEND_MESSAGE', 'UPDATE_CONTACT', 'UPDATE_ROLE'],
  ...['UPDATE_SETTINGS', 'GENERATE_IMAGE'],
]

describe('buildAgent', () => {
  const character = { name: 'Ada', bio: 'x' }

  it('gives every agent the built-in members', () => {
    const agent = buildAgent('id', character, { a: 1 }, [])
    expect(agent).toMatchObject({ id: 'id', character, settings: { a: 1 } })
    expect(agent.actions.map(({ name }) => name)).toEqual(OURS)
    expect(agent.providers.map(({ name }) => name)).toEqual([
      ...['CHARACTER', 'ACTIONS', 'PROVIDERS', 'ANXIETY', 'ENTITIES', 'ROLES', 'SETTINGS'],
      ...['CHOICE', 'ATTACHMENTS', 'RECENT_MESSAGES', 'TIME', 'ACTION_STATE'],
      ...['FACTS', 'RELATIONSHIPS', 'WORLD', 'CAPABILITIES', 'EVALUATORS'],
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
    expect(actions.map(({ name }) => name)).toEqual([...OURS, 'X', 'Y'])
    expect(actions.find(({ name }) => name === 'X')?.description).toBe('1')
  })

  it.each([
    { builtIns: false },
    { TURNKEEPER_BUILT_INS: 'false' },
    { TURNKEEPER_BUILT_INS: 'off' },
  ])('lets a plugin win with the settings %j; ours stay where there is none', (settings) => {
    const one = {
      name: 'one',
      description: '',
      actions: [action('mute_room', 'theirs')],
      evaluators: [{ name: 'REFLECTION', description: 'theirs', handler: async () => {} }],
    }
    const { actions, evaluators } = buildAgent('id', character, settings, [one])
    expect(actions.filter(({ name }) => name.toUpperCase() === 'MUTE_ROOM')).toMatchObject([
      { description: 'theirs' },
    ])
    expect(actions.map(({ name }) => name.toUpperCase()).sort()).toEqual([...OURS].sort())
    expect(evaluators).toMatchObject([{ description: 'theirs' }])
  })
})
