import { describe, expect, it } from '@jest/globals'
import { createRuntime } from '../../../plugins/facade/create-runtime.ts'
import { createUniqueUuid, stringToUuid } from '../../../schema/ids.ts'
import {
  AGENT_ID,
  fakeRuntimeHost,
  fakeTurn,
  PERSON_ID,
  ROOM_ID,
  WORLD_ID,
} from '../../support/fake-runtime-host.ts'

const house = (options = {}) => {
  const host = fakeRuntimeHost(options)
  return { host, runtime: createRuntime(host) }
}
const at = { entityId: PERSON_ID, roomId: ROOM_ID }
const memory = (text: string, more = {}) => ({ ...at, content: { text }, ...more })

describe('memories', () => {
  it("come back in ElizaOS's shape, with whatever metadata they had", async () => {
    const { runtime } = house()
    const given = memory('Follow.', { metadata: { type: 'FOLLOW_ROOM', any: [1] }, createdAt: 5 })
    const id = await runtime.createMemory(given, 'custom')
    expect(await runtime.getMemoryById(id)).toEqual({
      ...{ id, agentId: AGENT_ID, ...at, type: 'custom', unique: true, createdAt: 5 },
      ...{ content: { text: 'Follow.' }, metadata: { type: 'FOLLOW_ROOM', any: [1] } },
      worldId: expect.any(String),
    })
  })

  it('are the newest of at most 10,000, without vectors unless they are asked for', async () => {
    const { host, runtime } = house()
    await runtime.createMemory(memory('a', { embedding: [1, 2], createdAt: 1 }), 'fragments')
    await runtime.createMemory(memory('b', { createdAt: 2 }), 'fragments')
    const found = await runtime.getMemories({ tableName: 'fragments', count: 50_000 })
    expect(found.map(({ content }) => content.text)).toEqual(['b', 'a'])
    expect(found[1]).not.toHaveProperty('embedding')
    const withVectors = await runtime.getMemories({
      tableName: 'fragments',
      includeEmbedding: true,
    })
    expect(withVectors[1]?.embedding).toEqual([1, 2])
    expect(await runtime.getMemories({ tableName: 'fragments', agentId: PERSON_ID })).toEqual([])
    expect(host.faults).toEqual([])
  })

  it('ask for no more than the database gives', async () => {
    const { host } = house()
    const counts: unknown[] = []
    const records = {
      ...host.records,
      of: () => ({
        ...host.records.of(AGENT_ID),
        memories: async ({ count }: { count?: number }) => {
          counts.push(count)
          return []
        },
      }),
    }
    const runtime = createRuntime({ ...host, records })
    await runtime.getMemories({ tableName: 'x', count: 50_000 })
    await runtime.getMemories({ tableName: 'x' })
    await runtime.getMemoriesByRoomIds({ tableName: 'x', roomIds: [ROOM_ID], limit: 3 })
    await runtime.getMemoriesByWorldId({ worldId: WORLD_ID, count: 4 })
    expect(counts).toEqual([10_000, 10_000, 3, 4])
  })

  it('leave with their fragments', async () => {
    const { runtime } = house()
    const documentId = await runtime.createMemory(memory('A book.'), 'documents')
    await runtime.createMemory(memory('Page 1.', { metadata: { documentId } }), 'fragments')
    await runtime.deleteMemory(documentId)
    expect(await runtime.getAllMemories()).toEqual([])
  })

  it('are counted as both versions of ElizaOS ask', async () => {
    const { runtime } = house()
    await runtime.createMemory(memory('a'), 'facts', true)
    await runtime.createMemory(memory('b'), 'facts', false)
    expect(await runtime.countMemories(ROOM_ID, true, 'facts')).toBe(1)
    expect(await runtime.countMemories(ROOM_ID, false, 'facts')).toBe(2)
    const asked = { roomId: ROOM_ID, unique: false, tableName: 'facts' }
    expect(await runtime.countMemories(asked)).toBe(2)
  })

  it('keep what an update does not name, and one that is not there is not made', async () => {
    const { runtime } = house()
    const id = await runtime.createMemory(memory('a', { metadata: { x: 1, y: 1 } }), 'facts')
    expect(await runtime.updateMemory({ id, metadata: { y: 2 } })).toBe(true)
    expect(await runtime.getMemoryById(id)).toMatchObject({
      ...{ content: { text: 'a' }, metadata: { x: 1, y: 2 } },
    })
    expect(await runtime.updateMemory({ id: WORLD_ID, metadata: {} })).toBe(false)
  })

  it('are found by vector, and put in order by words', async () => {
    const { runtime } = house()
    await runtime.createMemory(memory('green tea', { embedding: [1, 0.2] }), 'facts')
    await runtime.createMemory(memory('black coffee', { embedding: [1, 0.1] }), 'facts')
    await runtime.createMemory(memory('a bicycle', { embedding: [-1, 0.1] }), 'facts')
    const search = { tableName: 'facts', embedding: [1, 0.1], match_threshold: 0.5, count: 5 }
    const texts = async (asked: object) =>
      (await runtime.searchMemories({ ...search, ...asked })).map(({ content }) => content.text)
    expect(await texts({})).toEqual(['black coffee', 'green tea'])
    expect(await texts({ query: 'a cup of tea' })).toEqual(['green tea', 'black coffee'])
    expect(await texts({ embedding: [] })).toEqual([])
  })

  it('of which a step wrote some are found with them', async () => {
    const { host, runtime } = house()
    await runtime.createMemory(memory('stored', { embedding: [1, 0] }), 'facts')
    const found = await fakeTurn(host).run(async () => {
      await runtime.createMemory(memory('new', { embedding: [1, 0.1] }), 'facts')
      return runtime.searchMemories({ tableName: 'facts', embedding: [1, 0.1], count: 5 })
    })
    expect(found.map(({ content }) => content.text)).toEqual(['new', 'stored'])
    expect(found[0]?.similarity).toBeCloseTo(1)
  })

  it('give their vectors by the nearest words', async () => {
    const { runtime } = house()
    await runtime.createMemory(memory('kitten', { embedding: [1] }), 'facts')
    await runtime.createMemory(memory('sitting', { embedding: [2] }), 'facts')
    await runtime.createMemory(memory('a very long way off', { embedding: [3] }), 'facts')
    const found = await runtime.getCachedEmbeddings({
      ...{ query_table_name: 'facts', query_threshold: 3, query_input: 'kitten' },
      ...{ query_field_name: 'content', query_field_sub_name: 'text', query_match_count: 5 },
    })
    expect(found).toEqual([
      { embedding: [1], levenshtein_score: 0 },
      { embedding: [2], levenshtein_score: 3 },
    ])
  })

  it('are given their vector themselves, and a batch passes through useModel', async () => {
    const vectors = [[0.1], [0.2]]
    const answer = (_type: string, params: unknown) =>
      JSON.stringify(params).includes('texts') ? vectors : [0.3]
    const { runtime } = house({ answer })
    const given = memory('tea')
    const answered = await runtime.addEmbeddingToMemory(given)
    expect(answered).toBe(given)
    expect(given).toHaveProperty('embedding', [0.3])
    expect(await runtime.useModel('TEXT_EMBEDDING', { texts: ['a', 'b'] })).toEqual(vectors)
    await expect(runtime.addEmbeddingToMemory(memory(''))).rejects.toThrow('has no text')
  })

  it('that contain themselves are refused by name', async () => {
    const { runtime } = house()
    const metadata: Record<string, unknown> = {}
    metadata.self = metadata
    await expect(runtime.createMemory(memory('a', { metadata }), 'facts')).rejects.toThrow(
      'the metadata of a memory, which is no JSON',
    )
  })
})

describe('worlds, rooms and people', () => {
  it('are made known in one write, however much is left out', async () => {
    const { host, runtime } = house()
    await runtime.ensureConnection({
      ...{ entityId: PERSON_ID, roomId: ROOM_ID, userName: 'sam', name: 'Sam', source: 'chat' },
      ...{ serverId: 'guild-1', channelId: 'general' },
    })
    expect(host.commits).toHaveLength(1)
    const worldId = createUniqueUuid(AGENT_ID, 'guild-1')
    expect(await runtime.getRoom(ROOM_ID)).toMatchObject({
      worldId,
      channelId: 'general',
      type: 'DM',
    })
    expect(await runtime.getWorld(worldId)).toMatchObject({
      ...{ messageServerId: 'guild-1', serverId: 'guild-1' },
    })
    expect(await runtime.getParticipantsForRoom(ROOM_ID)).toEqual([PERSON_ID, AGENT_ID])
    expect(await runtime.getEntityById(PERSON_ID)).toMatchObject({ names: ['Sam', 'sam'] })
  })

  it('are found by what names them, where ids are left out', async () => {
    const { runtime } = house()
    await runtime.ensureConnection({ userId: 'u-1', channelId: 'c-1' })
    const roomId = createUniqueUuid(AGENT_ID, 'c-1')
    expect(await runtime.getParticipantsForRoom(roomId)).toContain(
      createUniqueUuid(AGENT_ID, 'u-1'),
    )
    await expect(runtime.ensureConnection({ userId: 'u-1' })).rejects.toThrow(
      "'roomId' or 'channelId'",
    )
    await expect(runtime.ensureConnection({ channelId: 'c' })).rejects.toThrow(
      "'entityId' or 'userId'",
    )
  })

  it('keep what another platform said of a person', async () => {
    const { runtime } = house()
    const who = { entityId: PERSON_ID, roomId: ROOM_ID, userId: '7' }
    await runtime.ensureConnection({ ...who, name: 'Sam', source: 'chat' })
    await runtime.ensureConnection({ ...who, name: 'Samuel', source: 'mail' })
    expect(await runtime.getEntityById(PERSON_ID)).toMatchObject({
      names: ['Sam', 'Samuel'],
      metadata: { chat: { id: '7', name: 'Sam' }, mail: { id: '7', name: 'Samuel' } },
    })
    await runtime.ensureConnection({ ...who, userName: 'sam', source: 'chat' })
    expect(await runtime.getEntityById(PERSON_ID)).toMatchObject({
      metadata: { chat: { id: '7', name: 'Sam', userName: 'sam' } },
    })
  })

  it('come many at a time', async () => {
    const { runtime } = house()
    const people = [{ id: PERSON_ID, names: ['Sam'], agentId: AGENT_ID }]
    const rooms = [{ id: ROOM_ID, name: 'general', type: 'GROUP', channelId: 'c-1' }]
    await runtime.ensureConnections(people, rooms, 'chat', { id: WORLD_ID, name: 'Guild' })
    expect(await runtime.getRooms(WORLD_ID)).toMatchObject([{ id: ROOM_ID, source: 'chat' }])
    expect(await runtime.getParticipantsForEntity(PERSON_ID)).toMatchObject([
      { roomId: ROOM_ID, entity: { names: ['Sam'] } },
    ])
  })

  it('of a room have their components, if asked', async () => {
    const { runtime } = house()
    await runtime.ensureConnection({ entityId: PERSON_ID, roomId: ROOM_ID, name: 'Sam' })
    const component = { id: stringToUuid('c'), entityId: PERSON_ID, type: 'mood', data: { n: 1 } }
    await runtime.createComponent(component)
    const [person] = await runtime.getEntitiesForRoom(ROOM_ID, true)
    expect(person).toMatchObject({ id: PERSON_ID, components: [{ type: 'mood', data: { n: 1 } }] })
    expect(await runtime.getComponents(ROOM_ID)).toEqual([])
    expect(await runtime.getComponent(PERSON_ID, 'mood')).toMatchObject({ data: { n: 1 } })
    expect(await runtime.getComponent(PERSON_ID, 'age')).toBeNull()
  })

  it('keep components to the type that a plugin declares, whoever writes them', async () => {
    const { host, runtime } = house()
    const validator = ({ n }: { n?: unknown }) => typeof n === 'number'
    const moods = { name: 'moods', description: '', componentTypes: [{ name: 'mood', validator }] }
    runtime.plugins.push(moods as never) // a validator of its own data
    const mood = (data: object) =>
      ({ id: stringToUuid('c'), entityId: PERSON_ID, type: 'mood', data }) as never // a few ids less
    const named = /The component of type 'mood' does not fit.*The plugin 'moods' declares/
    await expect(runtime.createComponent(mood({ n: 'low' }))).rejects.toThrow(named)
    await expect(runtime.updateComponent(mood({}))).rejects.toThrow(named)
    expect(host.commits).toEqual([])
    await runtime.createComponent(mood({ n: 1 }))
    expect(host.commits).toHaveLength(1)
  })

  it('include the agent itself, before it is stored anywhere', async () => {
    const { runtime } = house()
    expect(await runtime.getEntityById(AGENT_ID)).toMatchObject({ id: AGENT_ID, names: ['Ada'] })
    expect(await runtime.getEntityById(PERSON_ID)).toBeNull()
    await runtime.ensureConnection({ entityId: PERSON_ID, roomId: ROOM_ID, name: 'Sam' })
    const present = await runtime.getEntitiesForRoom(ROOM_ID)
    expect(present.map(({ names }) => names)).toEqual([['Sam'], ['Ada']])
  })

  it("keep a room's state of the agent", async () => {
    const { runtime } = house()
    await runtime.ensureConnection({ entityId: PERSON_ID, roomId: ROOM_ID, name: 'Sam' })
    await runtime.setParticipantUserState(ROOM_ID, AGENT_ID, 'MUTED')
    expect(await runtime.getParticipantUserState(ROOM_ID, AGENT_ID)).toBe('MUTED')
    expect(await runtime.isRoomParticipant(ROOM_ID, PERSON_ID)).toBe(true)
    await runtime.removeParticipant(PERSON_ID, ROOM_ID)
    expect(await runtime.getRoomsForParticipants([PERSON_ID, AGENT_ID])).toEqual([ROOM_ID])
  })

  it('keep two roles that two turns change in one world at the same time', async () => {
    const { host, runtime } = house()
    await runtime.createWorld({ id: WORLD_ID, name: 'Guild', metadata: { roles: { o: 'OWNER' } } })
    const turns = [fakeTurn(host), fakeTurn(host)]
    await Promise.all(
      turns.map((turn, at) =>
        turn.run(async () => {
          const world = await runtime.getWorld(WORLD_ID)
          if (!world) throw new Error('The world is missing.')
          Object.assign(world.metadata?.roles ?? {}, { [`person-${at}`]: 'ADMIN' })
          await runtime.updateWorld(world)
        }),
      ),
    )
    for (const turn of turns) await turn.commit()
    expect(await runtime.getWorld(WORLD_ID)).toMatchObject({
      metadata: { roles: { o: 'OWNER', 'person-0': 'ADMIN', 'person-1': 'ADMIN' } },
    })
  })

  it('keep what an update of a room does not name', async () => {
    const { runtime } = house()
    await runtime.createRoom({ id: ROOM_ID, name: 'general', source: 'chat', channelId: 'c-1' })
    await runtime.updateRoom({ id: ROOM_ID, name: 'lounge' })
    expect(await runtime.getRoom(ROOM_ID)).toMatchObject({
      ...{ name: 'lounge', source: 'chat', channelId: 'c-1' },
    })
  })
})

describe('relationships, cache, tasks and logs', () => {
  it('leave a relationship that stands, and replace it on demand', async () => {
    const { runtime } = house()
    const pair = { sourceEntityId: PERSON_ID, targetEntityId: AGENT_ID }
    expect(await runtime.createRelationship({ ...pair, tags: ['friend'] })).toBe(true)
    expect(await runtime.createRelationship({ ...pair, tags: ['foe'] })).toBe(false)
    expect(await runtime.getRelationships({ entityId: AGENT_ID, tags: ['friend'] })).toHaveLength(1)
    await runtime.updateRelationship({ ...pair, tags: ['foe'], metadata: { since: 1 } })
    expect(await runtime.getRelationship(pair)).toMatchObject({
      tags: ['foe'],
      metadata: { since: 1 },
    })
    expect(await runtime.getRelationships({ entityId: AGENT_ID, tags: ['friend'] })).toEqual([])
  })

  it('cache JSON values', async () => {
    const { runtime } = house()
    await runtime.setCache('at', { on: new Date(0), big: 1n, none: undefined })
    expect(await runtime.getCache('at')).toEqual({ on: '1970-01-01T00:00:00.000Z', big: '1' })
    await runtime.deleteCache('at')
    expect(await runtime.getCache('at')).toBeUndefined()
  })

  it('keep tasks with all that a plugin says of them', async () => {
    const { runtime } = house()
    const tags = ['queue', 'repeat']
    const metadata = { updateInterval: 1_000 }
    const id = await runtime.createTask({ name: 'WATER', tags, metadata, roomId: ROOM_ID })
    await runtime.updateTask(id, { description: 'The plants.', updatedAt: 7 })
    expect(await runtime.getTask(id)).toMatchObject({
      ...{ id, name: 'WATER', tags, description: 'The plants.', roomId: ROOM_ID },
      metadata: { updateInterval: 1_000, updatedAt: 7 },
    })
    expect(await runtime.getTasks({ roomId: ROOM_ID, tags: ['queue'] })).toHaveLength(1)
    expect(await runtime.getTasks({ tags: ['other'] })).toEqual([])
    expect(await runtime.getTasksByName('WATER')).toHaveLength(1)
    await runtime.updateTask(WORLD_ID, { name: 'NEVER' })
    expect(await runtime.getTask(WORLD_ID)).toBeNull()
  })

  it('are stored without what Postgres refuses', async () => {
    const { host, runtime } = house()
    await runtime.createTask({ name: 'WATER\u0000', tags: ['\ud800'] })
    expect(host.records.writes).toMatchObject([{ task: { name: 'WATER\ufffd', tags: ['\ufffd'] } }])
  })

  it('keep log entries, but no whole states', async () => {
    const { runtime } = house()
    await runtime.log({ type: 'action', roomId: ROOM_ID, entityId: PERSON_ID, body: { n: 1 } })
    await runtime.log({ type: 'action', roomId: ROOM_ID, body: { state: 'x'.repeat(200_000) } })
    const [big, small] = await runtime.getLogs({ roomId: ROOM_ID, type: 'action' })
    expect(small).toMatchObject({ body: { n: 1 }, createdAt: expect.any(Date) })
    expect(JSON.stringify(big?.body).length).toBeLessThan(200)
    await runtime.deleteLog(small?.id ?? '')
    expect(await runtime.getLogs({})).toHaveLength(1)
  })
})

describe('agents', () => {
  it('see themselves, without secrets, and no other', async () => {
    const { runtime } = house({ character: { secrets: { KEY: 'hidden' } } })
    const own = await runtime.getAgent(AGENT_ID)
    expect(own).toMatchObject({ id: AGENT_ID, name: 'Ada', status: 'active' })
    expect(JSON.stringify([own, await runtime.getAgents()])).not.toContain('hidden')
    await expect(runtime.getAgent(PERSON_ID)).rejects.toThrow(
      `agent '${PERSON_ID}' is not this one`,
    )
    await expect(runtime.ensureAgentExists({ id: PERSON_ID })).rejects.toThrow('is refused')
  })
})
