import { randomUUID } from 'node:crypto'
import { beforeAll, expect, it } from '@jest/globals'
import { resumeDeletions } from '../../../bin/api/agents.ts'
import { createMessagesPort } from '../../../bin/api/messages.ts'
import type { ApiParts } from '../../../bin/api/parts.ts'
import type { OpenDatabase } from '../../../database/open.ts'
import { deleteAgent, findAgent, setAgentStatus } from '../../../memory/agents.ts'
import { requestCancel } from '../../../turns/cancel.ts'
import { describeDatabases } from '../../support/databases.ts'
import { createAgent } from '../../support/turn-fixtures.ts'

describeDatabases('messages at the door', (open) => {
  let database: OpenDatabase
  beforeAll(async () => {
    database = await open()
  })
  const parts = (): ApiParts => ({
    db: database.db,
    log: { error: () => undefined },
    turnDeadlineMs: 60_000,
    kick: () => undefined,
    kickLater: () => undefined,
    announce: () => undefined,
    cancelTurn: async (request) => (await requestCancel(database.db, request)).delivery,
  })
  const messageFor = (agentId: string) => ({
    channelId: randomUUID(),
    authorId: randomUUID(),
    content: 'hello',
    sourceType: 'test',
    externalId: 'key-1',
    rawMessage: {},
    metadata: { targetAgentId: agentId },
    isDirect: true,
  })

  it('are answered as before when they are repeated, also after the agent was stopped', async () => {
    const agentId = await createAgent(database.db)
    const port = createMessagesPort(parts())
    const message = messageFor(agentId)
    const accepted = await port.accept(message)
    await setAgentStatus(database.db, agentId, 'inactive')

    const repeat = await port.accept(message)
    expect(repeat.isRepeat).toBe(true)
    expect(repeat.turns[0]?.turnId).toBe(accepted.turns[0]?.turnId)
    const fresh = port.accept({ ...message, externalId: 'key-2' })
    await expect(fresh).rejects.toMatchObject({ code: 'agent_stopped' })
  })

  it('are refused, not broken off, when a repeat names agents that were deleted', async () => {
    const agentId = await createAgent(database.db)
    const port = createMessagesPort(parts())
    const message = messageFor(agentId)
    await port.accept(message)
    await deleteAgent(database.db, agentId)
    await expect(port.accept(message)).rejects.toMatchObject({ name: 'ConflictError' })
  })

  it('do not keep an agent whose deletion was cut off: the next start ends it', async () => {
    const agentId = await createAgent(database.db)
    await createMessagesPort(parts()).accept(messageFor(agentId))
    await setAgentStatus(database.db, agentId, 'deleting')
    await resumeDeletions(parts())
    expect(await findAgent(database.db, agentId)).toBeUndefined()
  })
})
