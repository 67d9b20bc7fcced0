import { describe, expect, it } from '@jest/globals'
import type { CharacterFile } from '../../agent/characters/load.ts'
import { type CreateAgentOptions, createAgentActs } from '../../orchestrator/agent-acts.ts'
import { createGlobalPlugins } from '../../orchestrator/given-plugins.ts'
import type { GivenPlugin } from '../../orchestrator/options.ts'
import { poolAgents } from '../../orchestrator/pool-agents.ts'
import { createRoster } from '../../orchestrator/roster.ts'
import { agentIdOf } from '../../schema/character.ts'
import type { AgentLoad } from '../../turns/agent-loads.ts'

const plugin = (name: string) => ({ name, description: `The plugin ${name}.` })

/** Agents in memory, and the files by which they were stored. */
function house(globals: readonly GivenPlugin[] = []) {
  const rows = new Map<string, AgentLoad>()
  const files: CharacterFile[] = []
  const roster = createRoster(
    async () => [...rows.values()],
    () => undefined,
  )
  const change = (id: string, status: 'active' | 'inactive') => {
    const row = rows.get(id)
    if (row) rows.set(id, { ...row, status })
  }
  const globalPlugins = createGlobalPlugins(globals)
  const acts = createAgentActs({
    ...{ roster, globalPlugins, emit: () => undefined },
    ...{ defaultSettings: { MOOD: 'calm' }, maxAgents: undefined, isClustered: false },
    agents: {
      start: async (id: string) => change(id, 'active') as never, // nobody reads what it answers
      stop: async (id: string) => change(id, 'inactive'),
      delete: async (id: string) => rows.delete(id),
      update: async () => undefined as never,
    },
    async store(file) {
      const id = agentIdOf(file.character)
      files.push(file)
      rows.set(id, {
        ...{ id, name: file.character.name, character: {}, status: 'active' },
        ...{ createdAt: new Date(0), updatedAt: new Date(0), running: 0, queued: 0 },
        ...{ lastTurnId: null, lastState: null, lastCode: null, lastAt: null },
        ...rows.get(id),
      })
      return id
    },
  })
  const newest = () => files.at(-1)
  return { acts, files, newest, globalPlugins, rows, roster }
}

const ada = (more: Partial<CreateAgentOptions> = {}): CreateAgentOptions => ({
  character: { name: 'Ada', bio: 'Kind.' },
  ...more,
})

describe('an agent that is made in code', () => {
  it('has the global plugins and its own: code as code, packages by name', async () => {
    const [everywhere, own] = [plugin('everywhere'), plugin('own')]
    const { acts, newest } = house([everywhere, '@elizaos/plugin-all'])
    const init = () => undefined
    await acts.create(ada({ plugins: [own, './mine'], init }))
    expect(newest()?.code?.plugins).toEqual([everywhere, own])
    expect(newest()?.code?.init).toBe(init)
    expect(newest()?.character.plugins).toEqual(['@elizaos/plugin-all', './mine'])
    expect(newest()?.character.settings).toEqual({ MOOD: 'calm' })
  })

  it('gets a global plugin that comes later, and loses one that goes, by another hash', async () => {
    const { acts, newest, globalPlugins, files } = house()
    await acts.create(ada())
    const late = plugin('late')
    globalPlugins.add(late)
    await acts.renewPlugins()
    expect(newest()?.code?.plugins).toEqual([late])
    globalPlugins.remove('late')
    await acts.renewPlugins()
    expect(newest()?.code?.plugins).toEqual([])
    const [first, second, third] = files.map(({ hash }) => hash)
    expect(second).not.toBe(first)
    expect(third).toBe(first)
  })

  it('keeps templates that are functions out of what is stored as text', async () => {
    const { acts, newest } = house()
    const greeting = () => 'Hi.'
    await acts.create({ character: { name: 'Ada', bio: 'x', templates: { greeting } } })
    expect(newest()?.code?.templates).toEqual({ greeting })
  })

  it('runs with autoStart, and waits without', async () => {
    const { acts, roster } = house()
    const waiting = await acts.create(ada())
    const running = await acts.create({ character: { name: 'Bob', bio: 'x' }, autoStart: true })
    expect([waiting, running].map((id) => roster.get(id)?.status)).toEqual(['inactive', 'active'])
  })
})

describe('the agents of a pool', () => {
  it('are numbered, have the plugins of the pool, and come back as they were when they were retired', async () => {
    const { acts, newest, rows, files } = house()
    const own = plugin('own')
    const config = { minAgents: 1, maxAgents: 2, character: { name: 'Help', bio: 'x' } }
    const pool = poolAgents({ support: { ...config, plugins: [own] } }, acts)
    const id = '5c3cb098-d52d-0b3f-a7e9-7b7fba960c4c'
    await pool.add('support', id, 2)
    expect(newest()?.character).toMatchObject({ id, name: 'Help 2' })
    expect(newest()?.code?.plugins).toEqual([own])
    expect(rows.get(id)?.status).toBe('active')
    await pool.retire(id)
    expect(rows.get(id)?.status).toBe('inactive')
    await pool.add('support', id, 2)
    expect([rows.get(id)?.status, files.length]).toEqual(['active', 1])
  })
})
