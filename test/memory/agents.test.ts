import { randomUUID } from 'node:crypto'
import { beforeAll, expect, it } from '@jest/globals'
import { codeOf } from '../../database/failures.ts'
import type { OpenDatabase } from '../../database/open.ts'
import {
  deleteAgent,
  findAgent,
  insertAgent,
  listAgents,
  setAgentStatus,
  updateAgent,
} from '../../memory/agents.ts'
import { channelParticipants } from '../../memory/channels.ts'
import { accept } from '../../turns/accept.ts'
import { settle } from '../../turns/settle.ts'
import { describeDatabases } from '../support/databases.ts'
import {
  createAgent,
  createChannel,
  first,
  headOf,
  messageTo,
  runTurn,
  settlementOf,
} from '../support/turn-fixtures.ts'

describeDatabases('a stored agent', (open, kind) => {
  let database: OpenDatabase
  beforeAll(async () => {
    database = await open()
  })
  const db = () => database.db
  const agent = (name: string) => ({
    ...{ id: randomUUID(), name, secrets: null, sourceHash: 'hash-1' },
    character: { name, bio: ['A companion.'], topics: [] },
  })

  it('is found as it was stored, and its id is taken', async () => {
    const ada = agent('Ada')
    expect(await insertAgent(db(), { ...ada, status: 'active' })).toBe(true)
    expect(await insertAgent(db(), { ...ada, name: 'Ben', status: 'active' })).toBe(false)
    expect(await findAgent(db(), ada.id)).toMatchObject({
      ...{ name: 'Ada', status: 'active', source_hash: 'hash-1', character: ada.character },
    })
    expect(await findAgent(db(), randomUUID())).toBeUndefined()
  })

  it('tells workers by its time that its character changed, but not when it is stopped', async () => {
    const ada = agent('Ada')
    await insertAgent(db(), { ...ada, status: 'active' })
    const stored = await findAgent(db(), ada.id)
    await setAgentStatus(db(), ada.id, 'inactive')
    const stopped = await findAgent(db(), ada.id)
    await updateAgent(db(), { ...ada, character: { name: 'Ada', bio: [] } })
    const changed = await findAgent(db(), ada.id)
    expect(stopped).toMatchObject({ status: 'inactive', updated_at: stored?.updated_at })
    expect(changed?.updated_at.getTime()).toBeGreaterThan(Number(stored?.updated_at))
    expect(changed?.status).toBe('inactive')
  })

  it('is listed with the active ones first, by name, unless it is being deleted', async () => {
    for (const { id } of await listAgents(db())) await deleteAgent(db(), id)
    const stopped = { ...agent('Ada'), status: 'inactive' as const }
    const active = ['Cleo', 'Ben'].map((name) => ({ ...agent(name), status: 'active' as const }))
    const doomed = { ...agent('Dan'), status: 'active' as const }
    for (const each of [stopped, ...active, doomed]) await insertAgent(db(), each)
    await setAgentStatus(db(), doomed.id, 'deleting')
    expect((await listAgents(db())).map(({ name }) => name)).toEqual(['Ben', 'Cleo', 'Ada'])
    expect(await setAgentStatus(db(), doomed.id, 'active')).toBe(false)
    expect(await setAgentStatus(db(), doomed.id, 'deleting')).toBe(true)
    expect(await setAgentStatus(db(), randomUUID(), 'active')).toBe(false)
  })

  it('leaves with all that is its own; people and their messages stay', async () => {
    const [ada, ben] = [await createAgent(db()), await createAgent(db())]
    const channel = await createChannel(db(), { agentIds: [ada, ben] })
    const input = messageTo(channel)
    await accept(db(), input)
    await deleteAgent(db(), ada)

    const owners = async (table: 'rooms' | 'turns' | 'memories' | 'entities' | 'participants') =>
      (
        await db()
          .selectFrom(table)
          .select('agent_id')
          .where('agent_id', 'in', [ada, ben])
          .execute()
      ).map(({ agent_id }) => agent_id)
    for (const table of ['rooms', 'turns', 'memories'] as const) {
      expect(await owners(table)).toEqual([ben])
    }
    expect(await owners('entities')).toEqual([ben, ben])
    expect(await channelParticipants(db(), channel.channelId)).toEqual([channel.authorId, ben])
    const message = await db()
      .selectFrom('messages')
      .select('id')
      .where('id', '=', input.message.id)
      .execute()
    expect(message).toHaveLength(1)
  })

  if (kind === 'pglite') return

  it('can be deleted while its rooms are busy', async () => {
    for (let round = 0; round < 20; round += 1) {
      const agentIds = [await createAgent(db())]
      const channels = await Promise.all([1, 2, 3].map(() => createChannel(db(), { agentIds })))
      const turns = await Promise.all(channels.map((channel) => runTurn(db(), channel)))
      const work = [
        () => deleteAgent(db(), first(agentIds)),
        ...turns.map((turn) => () => settle(db(), settlementOf(headOf(turn)))),
        ...channels.map((channel) => () => accept(db(), messageTo(channel))),
      ]
      const results = await Promise.allSettled(work.map((each) => each()))
      const codes = results.flatMap((result) =>
        result.status === 'rejected' ? [codeOf(result.reason) ?? String(result.reason)] : [],
      )
      expect(codes).toEqual([])
      expect(await findAgent(db(), first(agentIds))).toBeUndefined()
    }
  })
})
