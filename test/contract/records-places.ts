import { randomUUID } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { DEFAULT_MESSAGE_SERVER_ID } from '../../schema/ids.ts'
import { entity, joins, memory, room, world } from './record-writes.ts'
import type { OneAgent } from './records.ts'

export function recordsOfPlaces(agent: () => OneAgent): void {
  describe('keep people and places', () => {
    people(agent)
    rooms(agent)
    worlds(agent)
    participants(agent)
  })
}

function people(agent: () => OneAgent): void {
  it('with names and metadata that a later write replaces', async () => {
    const { commit, reads } = agent()
    const sam = entity({ names: ['Sam', 'sammy'], metadata: { a: 1 } })
    const { id } = sam.entity
    await commit(sam)
    await commit(entity({ id, names: ['Nobody'] }, true))
    expect(await reads.entities([id])).toEqual([sam.entity])
    await commit(entity({ id, names: ['Samuel'] }))
    expect(await reads.entities([id])).toEqual([{ id, names: ['Samuel'], metadata: { a: 1 } }])
    await commit(entity({ id, names: ['Samuel'], metadata: { b: 2 } }))
    expect(await reads.entities([id])).toMatchObject([{ metadata: { b: 2 } }])
  })

  it('where one that was only referred to counts as missing', async () => {
    const { agentId, commit, reads } = agent()
    const id = randomUUID()
    await commit(joins(agentId, id))
    expect(await reads.entities([id])).toEqual([{ id, names: [], metadata: {} }])
    await commit(entity({ id, names: ['Kim'] }, true))
    expect(await reads.entitiesOfRoom(agentId)).toMatchObject([{ id, names: ['Kim'] }])
  })

  it('in the order of the ids that are asked for', async () => {
    const { commit, reads } = agent()
    const all = [entity(), entity(), entity()]
    await commit(...all)
    const ids = all.map((one) => one.entity.id).reverse()
    expect((await reads.entities([...ids, randomUUID()])).map(({ id }) => id)).toEqual(ids)
  })
}

function rooms(agent: () => OneAgent): void {
  it('of a world that is made for them', async () => {
    const { agentId, commit, reads } = agent()
    const made = room({ metadata: { topic: 'tea' } })
    const { id, worldId } = made.room
    await commit(made)
    const messageServerId = DEFAULT_MESSAGE_SERVER_ID
    expect(await reads.rooms([id])).toEqual([{ ...made.room, agentId, messageServerId }])
    expect(await reads.worlds([worldId])).toMatchObject([{ id: worldId, metadata: {} }])
    await commit(room({ ...made.room, name: 'Another' }, true))
    expect(await reads.roomsOfWorld(worldId)).toMatchObject([{ name: 'A room' }])
    await commit(room({ ...made.room, name: 'Another', metadata: undefined }))
    expect(await reads.rooms([id])).toMatchObject([{ name: 'Another', metadata: { topic: 'tea' } }])
  })

  it('whose channels are called as the platform calls them, also when two have one', async () => {
    const { commit, reads } = agent()
    const worldId = randomUUID()
    const channelId = randomUUID()
    const all = ['-100123', '-100123', channelId, channelId].map((channelId) =>
      room({ worldId, channelId }),
    )
    await commit(...all)
    const found = await reads.rooms(all.map((one) => one.room.id))
    expect(found.map((one) => one.channelId)).toEqual(['-100123', '-100123', channelId, channelId])
  })

  it('where one that was only written to counts as missing', async () => {
    const { commit, reads } = agent()
    const { room: made } = room()
    await commit(memory({ roomId: made.id }))
    await commit(room(made, true))
    expect(await reads.rooms([made.id])).toMatchObject([made])
  })

  it('and take their memories and participants with them', async () => {
    const { commit, reads } = agent()
    const [here, there] = [room(), room()]
    const [hereId, thereId] = [here.room.id, there.room.id]
    for (const id of [hereId, thereId]) {
      await commit(joins(id, randomUUID()), memory({ roomId: id }))
    }
    await commit({ kind: 'room.delete', ids: [hereId, 'none'] })
    expect(await reads.participants(hereId)).toEqual([])
    expect((await reads.memories({})).map(({ roomId }) => roomId)).toEqual([thereId])
  })
}

function worlds(agent: () => OneAgent): void {
  it('with what the platform calls its server', async () => {
    const { agentId, commit, reads } = agent()
    const metadata = { ownership: { ownerId: 'someone' } }
    const made = world({ messageServerId: 'guild 7', metadata })
    const { id } = made.world
    await commit(made, room({ worldId: id }))
    expect(await reads.worlds()).toEqual([{ ...made.world, agentId }])
    expect(await reads.roomsOfWorld(id)).toMatchObject([{ messageServerId: 'guild 7' }])
    await commit(world({ id, name: 'Renamed' }))
    expect(await reads.worlds([id])).toEqual([{ ...made.world, agentId, name: 'Renamed' }])
    await commit(world({ id, name: 'Ignored', metadata: {} }, true))
    expect(await reads.worlds([id])).toMatchObject([{ name: 'Renamed', metadata }])
  })

  it('and change one key of the metadata, however deep, or remove it', async () => {
    const { commit, reads } = agent()
    const made = world({ metadata: { roles: { a: 'OWNER' }, flat: 1 } })
    const { id } = made.world
    const set = (path: string[], value?: string) =>
      ({ kind: 'world.set', id, path, value }) as const
    await commit(made, set(['roles', 'b'], 'ADMIN'), set(['settings', 'x', 'y'], 'z'))
    await commit(set(['flat', 'deep'], 'er'), set(['none', 'such']), set(['roles', 'a']))
    await commit({ kind: 'world.set', id: randomUUID(), path: ['a'], value: 1 })
    expect((await reads.worlds([id]))[0]?.metadata).toEqual({
      ...{ roles: { b: 'ADMIN' }, settings: { x: { y: 'z' } }, flat: { deep: 'er' } },
    })
    await expect(commit(set([], 'all'))).rejects.toThrow('names no key of its metadata')
  })

  it('and take their rooms with them', async () => {
    const { commit, reads } = agent()
    const worldId = randomUUID()
    const [inside, outside] = [room({ worldId }), room()]
    await commit(inside, outside, memory({ roomId: inside.room.id }))
    await commit({ kind: 'room.delete', worldId: randomUUID() })
    await commit({ kind: 'world.delete', id: worldId })
    expect(await reads.worlds([worldId])).toEqual([])
    expect(await reads.memories({})).toEqual([])
    const left = await reads.rooms([inside.room.id, outside.room.id])
    expect(left.map(({ id }) => id)).toEqual([outside.room.id])
  })
}

function participants(agent: () => OneAgent): void {
  it('and who is where, in the order of joining', async () => {
    const { agentId, commit, reads } = agent()
    const there = randomUUID()
    const ids = Array.from({ length: 5 }, () => randomUUID())
    const [first = ''] = ids
    await commit(...ids.map((id) => joins(agentId, id)))
    await commit(joins(there, first), joins(agentId, first))
    expect(await reads.participants(agentId)).toEqual(ids)
    expect((await reads.entitiesOfRoom(agentId)).map(({ id }) => id)).toEqual(ids)
    expect(await reads.roomIdsOf([first])).toEqual([agentId, there])
    expect(await reads.roomIdsOf(ids.slice(1))).toEqual([agentId])
    await commit({ kind: 'participant.remove', roomId: agentId, entityId: first })
    expect(await reads.participants(agentId)).toEqual(ids.slice(1))
    expect(await reads.participants(there)).toEqual([first])
  })

  it('and what state they are in', async () => {
    const { agentId: roomId, commit, reads } = agent()
    const entityId = randomUUID()
    const state = (state: 'FOLLOWED' | 'MUTED' | null) =>
      ({ kind: 'participant.state', roomId, entityId, state }) as const
    await commit(joins(roomId, entityId), state('MUTED'))
    expect(await reads.participantState(roomId, entityId)).toBe('MUTED')
    await commit(state('FOLLOWED'), state(null))
    expect(await reads.participantState(roomId, entityId)).toBeNull()
  })
}
