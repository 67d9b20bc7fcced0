import { randomUUID } from 'node:crypto'
import { beforeAll, expect, it } from '@jest/globals'
import type { OpenDatabase } from '../../database/open.ts'
import { type Connection, ensureConnections } from '../../memory/connections.ts'
import { roomEntities } from '../../memory/entities.ts'
import { createUniqueUuid, DEFAULT_MESSAGE_SERVER_ID } from '../../schema/ids.ts'
import { describeDatabases } from '../support/databases.ts'
import { contents, createAgent } from '../support/turn-fixtures.ts'

describeDatabases('the connection of an agent with a person', (open) => {
  let database: OpenDatabase
  beforeAll(async () => {
    database = await open()
  })
  const db = () => database.db
  const connect = (agentId: string, channelId: string, personId: string): Connection => ({
    ...{ agentId, agentName: 'Ada', channelId, channelName: 'Kitchen', entityName: 'Sam' },
    ...{ messageServerId: DEFAULT_MESSAGE_SERVER_ID, source: 'client_chat', type: 'DM' },
    worldId: createUniqueUuid(agentId, DEFAULT_MESSAGE_SERVER_ID),
    roomId: createUniqueUuid(agentId, channelId),
    entityId: createUniqueUuid(agentId, personId),
  })

  it('makes the world, the room, both of them, and lets them take part', async () => {
    const connection = connect(await createAgent(db()), randomUUID(), randomUUID())
    await ensureConnections(db(), [connection])
    const { roomId, agentId, worldId, channelId, entityId } = connection
    const room = await db().selectFrom('rooms').selectAll().where('id', '=', roomId).execute()
    expect(room).toMatchObject([
      {
        ...{ agent_id: agentId, world_id: worldId, channel_id: channelId, name: 'Kitchen' },
        ...{ source: 'client_chat', type: 'DM', last_seq: 0 },
      },
    ])
    const entities = await roomEntities(db(), roomId)
    expect(entities).toHaveLength(2)
    expect(entities).toEqual(
      expect.arrayContaining([
        { id: agentId, names: ['Ada'], metadata: {} },
        { id: entityId, names: ['Sam'], metadata: {} },
      ]),
    )
  })

  it('changes nothing when it is there', async () => {
    const connection = connect(await createAgent(db()), randomUUID(), randomUUID())
    await ensureConnections(db(), [connection])
    const before = await contents(db())
    await ensureConnections(db(), [{ ...connection, channelName: 'Hall', entityName: 'Samantha' }])
    expect(await contents(db())).toEqual(before)
  })

  it('lets a second person into the room', async () => {
    const [agentId, channelId] = [await createAgent(db()), randomUUID()]
    const [sam, kim] = [randomUUID(), randomUUID()].map((id) => connect(agentId, channelId, id))
    if (!sam || !kim) throw new Error('There are two.')
    await ensureConnections(db(), [sam])
    await ensureConnections(db(), [kim])
    expect(await roomEntities(db(), sam.roomId)).toHaveLength(3)
  })

  it('is made for several agents at once, each with a room of its own', async () => {
    const [channelId, personId] = [randomUUID(), randomUUID()]
    const agents = [await createAgent(db()), await createAgent(db()), await createAgent(db())]
    const connections = agents.map((agentId) => connect(agentId, channelId, personId))
    await ensureConnections(db(), connections)
    for (const { roomId } of connections) {
      expect(await roomEntities(db(), roomId)).toHaveLength(2)
    }
  })

  it('is made once by many callers at the same moment, whatever order they name the rooms in', async () => {
    const agents = [await createAgent(db()), await createAgent(db()), await createAgent(db())]
    const channels = [randomUUID(), randomUUID(), randomUUID(), randomUUID()]
    const personId = randomUUID()
    const calls = channels.flatMap((channelId) => {
      const connections = agents.map((agentId) => connect(agentId, channelId, personId))
      const turned = [...connections].reverse()
      return [connections, turned, connections, turned, connections]
    })
    await Promise.all(calls.map((connections) => ensureConnections(db(), connections)))
    for (const [connection] of calls) {
      expect(await roomEntities(db(), String(connection?.roomId))).toHaveLength(2)
    }
  })
})
