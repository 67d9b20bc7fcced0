import { randomUUID } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import type { MemoryQuery, MemoryWrite, StoredMemory } from '../../agent/records.ts'
import { memory } from './record-writes.ts'
import type { OneAgent } from './records.ts'

export function recordsOfMemories(agent: () => OneAgent): void {
  describe('keep memories', () => {
    listing(agent)
    changing(agent)
    searching(agent)
  })
}

const texts = (memories: readonly StoredMemory[]) => memories.map(({ content }) => content.text)

function listing(agent: () => OneAgent): void {
  const roomId = randomUUID()
  const worldId = randomUUID()
  const entityId = randomUUID()
  const documentId = randomUUID()
  /** Named by what is special about them; a second apart. */
  const fill = async () => {
    const kinds: Record<string, Partial<MemoryWrite>> = {
      plain: {},
      message: { type: 'messages' },
      elsewhere: { roomId: agent().agentId },
      worldly: { worldId },
      sams: { entityId },
      repeated: { unique: false },
      fragment: { metadata: { documentId, position: 1 } },
    }
    const writes = Object.entries(kinds).map(([text, given], second) =>
      memory({ roomId, content: { text }, createdAt: second * 1000, id: randomUUID(), ...given }),
    )
    // Rooms and worlds are per agent, but ids are not: each test has an agent of its own.
    await agent().commit({ kind: 'room.delete', ids: [roomId] }, ...writes)
  }
  const named = async (query: MemoryQuery) => texts(await agent().reads.memories(query))
  const cases: readonly (readonly [string, MemoryQuery, readonly string[]])[] = [
    ['a type', { type: 'messages' }, ['message']],
    ['a world', { worldId }, ['worldly']],
    ['an entity', { entityId }, ['sams']],
    ['what was said before', { unique: false }, ['repeated']],
    ['a document', { documentId }, ['fragment']],
    ['a time, both ends included', { start: 2000, end: 4000 }, ['sams', 'worldly', 'elsewhere']],
    ['a number', { count: 2 }, ['fragment', 'repeated']],
    ['a later page', { count: 2, offset: 5 }, ['message', 'plain']],
    ['the oldest first', { count: 2, oldestFirst: true }, ['plain', 'message']],
    ['no rooms at all', { roomIds: [] }, []],
    ['several of these', { type: 'facts', start: 3000, unique: true, count: 1 }, ['fragment']],
  ]
  it('and list them by whatever is asked for, newest first', async () => {
    await fill()
    for (const [what, query, expected] of cases) {
      expect([what, await named(query)]).toEqual([what, expected])
    }
    const { agentId, reads } = agent()
    expect(await named({ roomIds: [agentId] })).toEqual(['elsewhere'])
    expect(await named({ roomIds: [agentId, roomId], type: 'messages' })).toEqual(['message'])
    expect(await reads.countMemories({ type: 'facts', roomIds: [roomId] })).toBe(5)
    expect(await reads.countMemories({ unique: false })).toBe(1)
    await agent().commit({ kind: 'room.delete', ids: [roomId] })
  })

  it('ten at a time unless told, and none for a number below 1', async () => {
    const { agentId, commit, reads } = agent()
    await commit(...Array.from({ length: 12 }, () => memory({ roomId: agentId })))
    expect(await reads.memories({})).toHaveLength(10)
    expect(await reads.memories({ count: 1e9 })).toHaveLength(12)
    expect(await reads.memories({ count: 0 })).toEqual([])
  })

  it('in the order in which one commit wrote them', async () => {
    const { agentId: place, commit } = agent()
    const said = ['one', 'two', 'three', 'four', 'five']
    await commit(...said.map((text) => memory({ roomId: place, content: { text } })))
    expect(await named({ oldestFirst: true })).toEqual(said)
  })

  it('and find them by id, in the order of the ids', async () => {
    const { agentId: place, commit, reads } = agent()
    const [first, second] = [memory({ roomId: place }), memory({ roomId: place, type: 'notes' })]
    await commit(first, second)
    const ids = [second.memory.id, randomUUID(), first.memory.id]
    const found = await reads.memoriesById(ids)
    expect(found.map(({ id }) => id)).toEqual([second.memory.id, first.memory.id])
    expect(await reads.memoriesById(ids, 'notes')).toHaveLength(1)
  })
}

function changing(agent: () => OneAgent): void {
  it('with all that was written, in a room that is made for them', async () => {
    const { agentId, commit, reads } = agent()
    const roomId = randomUUID()
    const metadata = { type: 'custom', tags: ['a'] }
    const write = memory({ roomId, metadata, createdAt: 1234, embedding: [0.5, 1] })
    await commit(write)
    expect(await reads.memories({ roomIds: [roomId], withEmbeddings: true })).toEqual([
      { ...write.memory, agentId, worldId: agentId, unique: true },
    ])
    expect(await reads.memories({ roomIds: [roomId] })).not.toEqual([
      expect.objectContaining({ embedding: expect.anything() }),
    ])
    expect(await reads.rooms([roomId])).toMatchObject([
      { source: 'unknown', type: 'SELF', channelId: roomId, worldId: agentId },
    ])
    expect(await reads.worlds([agentId])).toHaveLength(1)
  })

  it('of which a second of the same id changes nothing', async () => {
    const { agentId: roomId, commit, reads } = agent()
    const write = memory({ roomId, content: { text: 'First.' } })
    await commit(write)
    await commit(memory({ ...write.memory, content: { text: 'Second.' } }))
    expect(texts(await reads.memories({}))).toEqual(['First.'])
  })

  it('and change the given keys of one, and no others', async () => {
    const { agentId: roomId, commit, reads } = agent()
    const content = { text: 'Old', source: 'test' }
    const write = memory({ roomId, content, metadata: { a: 1, b: 2 }, embedding: [1, 0] })
    const { id } = write.memory
    await commit(write)
    await commit({ kind: 'memory.update', id, content: { text: 'New' }, metadata: { b: 3, c: 4 } })
    await commit({ kind: 'memory.update', id: randomUUID(), content: { text: 'Lost' } })
    const [changed] = await reads.memories({ withEmbeddings: true })
    expect(changed).toMatchObject({ content: { text: 'New', source: 'test' }, embedding: [1, 0] })
    expect(changed?.metadata).toEqual({ a: 1, b: 3, c: 4 })
    await commit({ kind: 'memory.update', id, embedding: [0, 1, 0] })
    expect((await reads.memories({ withEmbeddings: true }))[0]?.embedding).toEqual([0, 1, 0])
  })

  it('and delete one with the fragments of its document', async () => {
    const { agentId: roomId, commit, reads } = agent()
    const [document, other] = [memory({ roomId }), memory({ roomId })]
    const part = (documentId: string) => memory({ roomId, metadata: { documentId } })
    const kept = part(other.memory.id)
    await commit(document, other, part(document.memory.id), part(document.memory.id), kept)
    await commit({ kind: 'memory.delete', ids: [document.memory.id, 'none'] })
    const left = (await reads.memories({ oldestFirst: true })).map(({ id }) => id)
    expect(left).toEqual([other.memory.id, kept.memory.id])
  })

  it('and clear a room, a type, or all', async () => {
    const { agentId: here, commit, reads } = agent()
    const there = randomUUID()
    const count = async () => (await reads.memories({})).length
    for (const roomId of [here, there]) {
      await commit(memory({ roomId }), memory({ roomId, type: 'messages' }))
    }
    await commit({ kind: 'memory.clear', roomId: here, type: 'facts' })
    expect(await count()).toBe(3)
    await commit({ kind: 'memory.clear', roomId: 'not a room' })
    expect(await count()).toBe(3)
    await commit({ kind: 'memory.clear', roomId: there })
    expect(texts(await reads.memories({ type: 'messages' }))).toHaveLength(1)
    await commit({ kind: 'memory.clear' })
    expect(await count()).toBe(0)
  })
}

function searching(agent: () => OneAgent): void {
  it('and search them by the direction of their vectors, among those of one length', async () => {
    const { agentId: roomId, commit, reads } = agent()
    const vectors = { same: [2, 0], near: [1, 0.5], across: [0, 1], away: [-1, 0], nothing: [0, 0] }
    const all = Object.entries({ ...vectors, longer: [1, 0, 0] })
    await commit(
      memory({ roomId }),
      ...all.map(([text, embedding]) => memory({ roomId, content: { text }, embedding })),
    )
    const found = await reads.searchMemories({ embedding: [1, 0] })
    expect(texts(found)).toEqual(['same', 'near', 'across', 'away'])
    const similarities = found.map(({ similarity = Number.NaN }) => similarity.toFixed(2))
    expect(similarities).toEqual(['1.00', '0.89', '0.00', '-1.00'])
    const best = await reads.searchMemories({ embedding: [1, 0], threshold: 0.5, count: 1 })
    expect(texts(best)).toEqual(['same'])
    expect(texts(await reads.searchMemories({ embedding: [3, 0, 0] }))).toEqual(['longer'])
    for (const embedding of [[], [0, 0]]) {
      expect(await reads.searchMemories({ embedding })).toEqual([])
    }
  })

  it('within a type, a room, a world and an entity', async () => {
    const { agentId: roomId, commit, reads } = agent()
    const embedding = [1, 1]
    const other = { type: 'notes', worldId: randomUUID(), entityId: randomUUID(), unique: false }
    const place = randomUUID()
    await commit(memory({ roomId, embedding }), memory({ roomId: place, embedding, ...other }))
    expect(await reads.searchMemories({ embedding })).toHaveLength(2)
    for (const [key, value] of Object.entries({ ...other, roomId: place })) {
      const found = await reads.searchMemories({ embedding, [key]: value })
      expect([key, found.map((one) => one.roomId)]).toEqual([key, [place]])
    }
  })
}
