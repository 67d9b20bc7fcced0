import { describe, expect, it } from '@jest/globals'
import { NotFoundError } from '../../agent/errors.ts'
import { type CreateAgentOptions, createAgentActs } from '../../orchestrator/agent-acts.ts'
import { ElizaOS } from '../../orchestrator/elizaos.ts'
import { poolAgents } from '../../orchestrator/pool-agents.ts'
import { poolAgentId } from '../../orchestrator/pools.ts'
import { createRoster } from '../../orchestrator/roster.ts'
import { agentIdOf } from '../../schema/character.ts'
import type { AgentLoad } from '../../turns/agent-loads.ts'

const loadOf = (id: string, name: string): AgentLoad => ({
  ...{ id, name, character: { name }, status: 'active', running: 0, queued: 0 },
  ...{ createdAt: new Date(0), updatedAt: new Date(0) },
  ...{ lastTurnId: null, lastState: null, lastCode: null, lastAt: null },
})

/** Agents in memory, which anybody may delete behind the program's back. */
async function house({ isClustered = false } = {}) {
  const rows = new Map<string, AgentLoad>()
  const stored: string[] = []
  const roster = createRoster(
    async () => [...rows.values()],
    () => undefined,
  )
  await roster.refresh()
  const nothing = async () => undefined as never
  const start = async (id: string) => {
    if (!rows.has(id)) throw new NotFoundError('agent', id)
    return undefined as never
  }
  const acts = createAgentActs({
    ...{ roster, isClustered, maxAgents: undefined, defaultSettings: {}, emit: () => undefined },
    globalPlugins: { all: () => [] },
    agents: { start, stop: nothing, delete: nothing, update: nothing },
    async store({ character }) {
      const id = agentIdOf(character)
      stored.push(character.name)
      rows.set(id, loadOf(id, character.name))
      return id
    },
  })
  const deleteElsewhere = (id: string) => rows.delete(id)
  return { acts, roster, rows, stored, deleteElsewhere }
}

const ada: CreateAgentOptions = { character: { name: 'Ada', bio: 'Answers.' }, autoStart: true }

describe('an agent that somebody deleted by the API', () => {
  it('does not come back when a global plugin is registered', async () => {
    const { acts, rows, deleteElsewhere } = await house()
    const gone = await acts.create(ada)
    const kept = await acts.create({ ...ada, character: { name: 'Bob', bio: 'Stays.' } })
    deleteElsewhere(gone)
    await acts.renewPlugins()
    expect([...rows.keys()]).toEqual([kept])
  })

  it('can be created again, and one that stands cannot', async () => {
    const { acts, rows, deleteElsewhere } = await house()
    const id = await acts.create(ada)
    await expect(acts.create(ada)).rejects.toThrow(/was created before/)
    deleteElsewhere(id)
    expect(await acts.create(ada)).toBe(id)
    expect([...rows.keys()]).toEqual([id])
  })

  it('is not made twice by two who ask at the same time', async () => {
    const { acts, stored } = await house()
    const [first, second] = await Promise.allSettled([acts.create(ada), acts.create(ada)])
    expect([first?.status, second?.status]).toEqual(['fulfilled', 'rejected'])
    expect(stored).toEqual(['Ada'])
  })

  it('is made anew by its pool', async () => {
    const { acts, rows, deleteElsewhere } = await house()
    const character = { name: 'Help', bio: 'Helps.' }
    const pool = poolAgents({ support: { minAgents: 1, maxAgents: 1, character } }, acts)
    const id = poolAgentId('support', 1)
    await pool.add('support', id, 1)
    deleteElsewhere(id)
    await pool.add('support', id, 1)
    expect([...rows.keys()]).toEqual([id])
  })
})

describe('with clustering, what worker processes cannot be given is refused by name', () => {
  const template = { name: 'Ada', bio: 'Answers.', templates: { replyTemplate: () => 'Hi' } }
  it.each([
    ['an init', { ...ada, init: () => undefined }, /'init'/],
    ['a template that is a function', { character: template }, /'templates\.replyTemplate'/],
    ['a plugin', { ...ada, plugins: [{ name: 'weather', description: '' }] }, /'weather'/],
  ])('%s', async (_what, options, words) => {
    const clustered = await house({ isClustered: true })
    await expect(clustered.acts.create(options)).rejects.toThrow(words)
    expect(clustered.stored).toEqual([])
    const alone = await house()
    await expect(alone.acts.create(options)).resolves.toBeDefined()
  })

  it('a template of a pool, before anything is opened', () => {
    const agentPools = { support: { minAgents: 1, maxAgents: 1, character: template } }
    expect(() => new ElizaOS({ clustering: true, agentPools })).toThrow(/replyTemplate/)
    expect(() => new ElizaOS({ agentPools })).not.toThrow()
  })
})
