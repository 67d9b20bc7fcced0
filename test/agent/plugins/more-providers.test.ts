import { describe, expect, it } from '@jest/globals'
import { composeState } from '../../../agent/compose-state.ts'
import { corePlugin } from '../../../agent/plugins/core/core-plugin.ts'
import { planOfActions } from '../../../agent/progress.ts'
import { createMemoryRecords } from '../../support/memory-records.ts'
import {
  AGENT_ID,
  type ContextOptions,
  memory,
  OTHER_ID,
  PERSON_ID,
  turnContext,
} from '../turn-context.ts'

async function textOf(options: ContextOptions, ...only: string[]) {
  const { state, traces } = await composeState(turnContext(options), { only })
  expect(traces.filter(({ error }) => error)).toEqual([])
  return state.text
}

describe('the built-in providers', () => {
  it('are those of ElizaOS, in the order of their positions', () => {
    const providers = corePlugin.providers ?? []
    const order = [...providers].sort((a, b) => (a.position ?? 0) - (b.position ?? 0))
    expect(order.map(({ name }) => name)).toEqual([
      ...['CHARACTER', 'ANXIETY', 'ACTIONS', 'PROVIDERS', 'ROLES', 'SETTINGS', 'FACTS'],
      ...['RELATIONSHIPS', 'WORLD', 'CAPABILITIES', 'EVALUATORS', 'ENTITIES', 'CHOICE'],
      ...['ATTACHMENTS', 'RECENT_MESSAGES', 'TIME', 'ACTION_STATE'],
    ])
    expect(providers.every(({ builtIn }) => builtIn)).toBe(true)
    const named = (of: 'dynamic' | 'private') =>
      providers.filter((provider) => provider[of]).map(({ name }) => name)
    expect(named('dynamic').sort()).toEqual(
      ['CAPABILITIES', 'ENTITIES', 'FACTS', 'RELATIONSHIPS', 'WORLD'].sort(),
    )
    expect(named('private')).toEqual(['EVALUATORS'])
  })

  it('ask the records for nothing in an ordinary direct conversation', async () => {
    const context = turnContext({ participation: null })
    const records = new Proxy(context.records, {
      get: (_, name) => () => {
        throw new Error(`${String(name)} was asked.`)
      },
    })
    const composed = await composeState({ ...context, records }, { include: ['ENTITIES'] })
    expect(composed.traces.filter(({ error }) => error)).toEqual([])
  })
})

describe('PROVIDERS', () => {
  it('lists what can be asked for by name, and nothing private', async () => {
    const secret = { name: 'SECRET', private: true, dynamic: true, get: async () => ({}) }
    const rain = { name: 'RAIN', description: 'rain', dynamic: true, get: async () => ({}) }
    const plugins = [{ name: 'p', description: '', providers: [secret, rain] }]
    const text = await textOf({ plugins }, 'PROVIDERS')
    expect(text).toContain('- FACTS: What you have noted about people')
    expect(text).toContain('- RAIN: rain')
    expect(text).not.toMatch(/SECRET|CHARACTER|EVALUATORS/)
  })
})

describe('ANXIETY', () => {
  it('is the same in each turn of a room', async () => {
    const direct = await textOf({}, 'ANXIETY')
    expect(await textOf({}, 'ANXIETY')).toBe(direct)
    expect(await textOf({ room: { type: 'GROUP' } }, 'ANXIETY')).toContain('Several people talk')
  })
})

describe('ACTION_STATE', () => {
  it('has the plan and the results so far; nothing before the first decision', async () => {
    const results = [
      { action: 'LOOK', success: true, text: 'It is\nopen.', data: { hour: 9 } },
      { action: 'LOCK', success: false, error: 'No key.' },
    ]
    const plan = planOfActions(['LOOK', 'LOCK', 'GO'], results, { thought: 'In.', words: 'none' })
    const text = await textOf({ progress: { plan, results, notes: ['Mind.'] } }, 'ACTION_STATE')
    expect(text).toBe(
      [
        '# Plan\nIn.\n1. LOOK: completed\n2. LOCK: failed\n3. GO: pending',
        '# Results of the actions so far\n- LOOK succeeded: It is open. {"hour":9}\n- LOCK failed: No key.',
        '# Notes\n- Mind.',
      ].join('\n\n'),
    )
    expect(await textOf({}, 'ACTION_STATE')).toBe('')
  })

  it('keeps 50 results in mind, and never more text than a conversation can bear', async () => {
    const results = Array.from({ length: 80 }, (_, index) => ({
      ...{ action: `A${index}`, success: true, text: 'x'.repeat(5_000) },
    }))
    const plan = planOfActions(['A79'], [], { thought: '', words: 'none' })
    const progress = { plan, results, notes: [] }
    const { state } = await composeState(turnContext({ progress }), { only: ['ACTION_STATE'] })
    expect(state.text.length).toBeLessThan(20_000)
    expect(state.text).toContain('- A79 succeeded')
    const { providers } = state.data as { providers: { ACTION_STATE: { data: object } } }
    const { workingMemory } = providers.ACTION_STATE.data as { workingMemory: object }
    expect(Object.keys(workingMemory)).toHaveLength(50)
  })
})

describe('FACTS', () => {
  const facts = ['Sam has a dog.', 'Kim likes tea.']

  it('are the newest, without a model that makes embeddings', async () => {
    expect(await textOf({ facts }, 'FACTS')).toBe(
      '# What you know\n- Kim likes tea.\n- Sam has a dog.',
    )
  })

  it('are the nearest to what is talked about, with one', async () => {
    const records = createMemoryRecords()
    const fact = (id: string, text: string, embedding: number[]) => ({
      kind: 'memory.create' as const,
      memory: {
        ...{ id, type: 'facts', roomId: 'room', entityId: AGENT_ID, content: { text }, embedding },
      },
    })
    await records.commit(AGENT_ID, [
      fact('f1', 'Sam has a dog.', [0, 1]),
      fact('f2', 'Kim likes tea.', [1, 0]),
    ])
    const asked: (readonly string[])[] = []
    const embed = async (texts: readonly string[]) => {
      asked.push(texts)
      return [[0.9, 0.1]]
    }
    const message = memory(PERSON_ID, 'what does Kim drink?')
    const given = { records, models: { embed }, message, facts: ['The newest one.'] }
    const context = turnContext(given)
    const composed = await composeState(context, { only: ['FACTS'] })
    expect(composed.state.text).toBe('# What you know\n- Kim likes tea.\n- Sam has a dog.')
    expect(asked).toEqual([['what does Kim drink?']])
  })
})

describe('RELATIONSHIPS and WORLD', () => {
  it('name the people, also those who are elsewhere', async () => {
    const records = createMemoryRecords()
    const far = '00000000-0000-0000-0000-00000000000f'
    await records.commit(AGENT_ID, [
      { kind: 'entity.put', entity: { id: far, names: ['Lee'] } },
      ...[OTHER_ID, far].map((targetEntityId) => ({
        kind: 'relationship.put' as const,
        relationship: { sourceEntityId: PERSON_ID, targetEntityId, tags: ['friend'] },
      })),
    ])
    const text = await textOf({ records }, 'RELATIONSHIPS')
    expect(text).toContain('- Sam → Kim: friend')
    expect(text).toContain('- Sam → Lee: friend')
  })

  it('show the rooms of the world, but no direct conversation of others', async () => {
    const records = createMemoryRecords()
    const room = (id: string, type: string) => ({
      kind: 'room.put' as const,
      room: { id, worldId: 'world', channelId: id, name: id, source: 'test', type },
    })
    await records.commit(AGENT_ID, [
      { kind: 'world.put', world: { id: 'world', name: 'Home' } },
      ...[room('kitchen', 'GROUP'), room('with-kim', 'DM')],
    ])
    const text = await textOf({ records }, 'WORLD')
    expect(text).toContain('- name: Home')
    expect(text).toContain('- rooms: kitchen\n')
  })
})
