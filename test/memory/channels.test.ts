import { randomUUID } from 'node:crypto'
import { beforeAll, expect, it } from '@jest/globals'
import type { OpenDatabase } from '../../database/open.ts'
import { setAgentStatus } from '../../memory/agents.ts'
import {
  channelParticipants,
  ensureChannel,
  findChannel,
  openChannel,
  removeParticipant,
} from '../../memory/channels.ts'
import { DEFAULT_MESSAGE_SERVER_ID } from '../../schema/ids.ts'
import { describeDatabases } from '../support/databases.ts'
import { createAgent } from '../support/turn-fixtures.ts'

describeDatabases('a channel', (open) => {
  let database: OpenDatabase
  beforeAll(async () => {
    database = await open()
  })
  const db = () => database.db
  const channel = (participants: readonly string[], id: string = randomUUID()) => ({
    ...{ id, name: 'Kitchen', type: 'GROUP', messageServerId: DEFAULT_MESSAGE_SERVER_ID },
    ...{ metadata: { topic: 'food' }, participants },
  })

  it('keeps its participants in the order in which they came, each once', async () => {
    const [ada, ben, cleo] = [randomUUID(), randomUUID(), randomUUID()]
    const made = channel([cleo, ada])
    await ensureChannel(db(), made)
    await ensureChannel(db(), { ...made, name: 'Hall', participants: [ada, ben, cleo] })
    expect(await channelParticipants(db(), made.id)).toEqual([cleo, ada, ben])
    expect(await findChannel(db(), made.id)).toMatchObject({
      ...{ name: 'Kitchen', metadata: { topic: 'food' } },
    })
  })

  it('may be empty, and lets participants go', async () => {
    const ada = randomUUID()
    const made = channel([])
    await ensureChannel(db(), made)
    expect(await channelParticipants(db(), made.id)).toEqual([])
    await ensureChannel(db(), { ...made, participants: [ada] })
    expect(await removeParticipant(db(), made.id, ada)).toBe(true)
    expect(await removeParticipant(db(), made.id, ada)).toBe(false)
    expect(await channelParticipants(db(), made.id)).toEqual([])
  })

  it('names the agents that listen, stopped ones included, and no people', async () => {
    const agents = [await createAgent(db()), await createAgent(db())]
    const [second, first] = agents
    const made = channel([randomUUID(), String(first), String(second)])
    await ensureChannel(db(), made)
    await setAgentStatus(db(), String(second), 'inactive')
    expect(await openChannel(db(), made.id)).toMatchObject({
      ...{ name: 'Kitchen', type: 'GROUP', messageServerId: DEFAULT_MESSAGE_SERVER_ID },
      agents: [
        { id: first, name: 'Ada', status: 'active' },
        { id: second, name: 'Ada', status: 'inactive' },
      ],
    })
  })

  it('without agents has an empty list, and an unknown one is none', async () => {
    const made = channel([randomUUID()])
    await ensureChannel(db(), made)
    expect((await openChannel(db(), made.id))?.agents).toEqual([])
    expect(await openChannel(db(), randomUUID())).toBeUndefined()
    expect(await findChannel(db(), randomUUID())).toBeUndefined()
  })

  it('is made once by many callers at the same moment', async () => {
    const made = channel([randomUUID(), randomUUID(), randomUUID()])
    await Promise.all(Array.from({ length: 20 }, () => ensureChannel(db(), made)))
    expect(await channelParticipants(db(), made.id)).toEqual(made.participants)
  })
})
