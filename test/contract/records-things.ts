import { randomUUID } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { component, entity, log, relationship, room, task } from './record-writes.ts'
import type { OneAgent } from './records.ts'

const HOUR_MS = 3_600_000

export function recordsOfThings(agent: () => OneAgent): void {
  describe('keep what plugins make', () => {
    components(agent)
    relationships(agent)
    cache(agent)
    tasks(agent)
    logs(agent)
    messages(agent)
  })
}

function components(agent: () => OneAgent): void {
  it('components, by any of their keys, for entities that need not exist', async () => {
    const { agentId, commit, reads } = agent()
    const entityId = randomUUID()
    const worldId = randomUUID()
    const [first, second] = [component({ entityId }), component({ entityId: 'no UUID', worldId })]
    await commit(first, second)
    expect(await reads.components({ entityId })).toMatchObject([{ ...first.component, agentId }])
    expect(await reads.components({ entityId: 'no UUID', worldId })).toHaveLength(1)
    expect(await reads.components({ type: 'profile' })).toHaveLength(2)
    expect(await reads.components({ type: 'other' })).toEqual([])
    expect(await reads.components({ ids: [second.component.id] })).toHaveLength(1)
    expect(await reads.components({ sourceEntityId: agentId })).toEqual([])
    const { id } = first.component
    await commit({ ...first, component: { ...first.component, data: { likes: 'coffee' } } })
    expect(await reads.components({ ids: [id] })).toMatchObject([{ data: { likes: 'coffee' } }])
    await commit({ kind: 'component.delete', id })
    expect(await reads.components({ entityId })).toEqual([])
  })
}

function relationships(agent: () => OneAgent): void {
  it('relationships, one per pair, found from either side and by any of some tags', async () => {
    const { commit, reads } = agent()
    const [a, b, c] = [randomUUID(), randomUUID(), randomUUID()]
    await commit(
      entity({ id: a }),
      relationship(a, b, ['friend', 'old']),
      relationship(c, a, ['foe']),
    )
    const tagsOf = async (query: Parameters<typeof reads.relationships>[0]) =>
      (await reads.relationships(query)).map(({ tags }) => tags)
    expect(await tagsOf({ entityId: a })).toEqual([['friend', 'old'], ['foe']])
    expect(await tagsOf({ entityId: b })).toEqual([['friend', 'old']])
    expect(await tagsOf({ entityId: a, tags: ['foe', 'rival'] })).toEqual([['foe']])
    expect(await tagsOf({ sourceEntityId: a, targetEntityId: b })).toHaveLength(1)
    expect(await tagsOf({ sourceEntityId: b, targetEntityId: a })).toEqual([])
    expect(await reads.entities([b])).toEqual([{ id: b, names: [], metadata: {} }])
    const [standing] = await reads.relationships({ entityId: b })
    await commit(relationship(a, b, ['rival']))
    const [changed] = await reads.relationships({ id: standing?.id })
    expect(changed).toEqual({ ...standing, tags: ['rival'] })
  })
}

function cache(agent: () => OneAgent): void {
  it('a cache of values that last as long as they were told to', async () => {
    const { commit, reads } = agent()
    const put = (key: string, value: null | string | string[], expiresAt?: number) =>
      ({ kind: 'cache.put', key, value, expiresAt }) as const
    const long = `https://example.org/${'x'.repeat(5000)}`
    await commit(
      put('list', ['a']),
      put('null', null),
      put(long, 'long'),
      put('later', 'soon', Date.now() + HOUR_MS),
      put('over', 'gone', Date.now() - 1),
    )
    const keys = ['list', 'null', long, 'later', 'over', 'none']
    expect(await Promise.all(keys.map(reads.cached))).toEqual([
      ...[['a'], null, 'long', 'soon', undefined, undefined],
    ])
    await commit(put('over', 'again'), put('list', 'replaced'), { kind: 'cache.delete', key: long })
    expect(await Promise.all(keys.map(reads.cached))).toEqual([
      ...['replaced', null, undefined, 'soon', 'again', undefined],
    ])
  })
}

function tasks(agent: () => OneAgent): void {
  it('tasks, by name, room, entity, and all of some tags', async () => {
    const { commit, reads } = agent()
    const roomId = randomUUID()
    const first = task({ roomId, metadata: { updateInterval: 5 } })
    const second = task({ name: 'TIDY', tags: ['queue'], entityId: 'no UUID' })
    await commit(first, second)
    const named = async (query: Parameters<typeof reads.tasks>[0]) =>
      (await reads.tasks(query)).map(({ name }) => name)
    expect(await named({})).toEqual(['REMIND', 'TIDY'])
    expect(await named({ name: 'TIDY' })).toEqual(['TIDY'])
    expect(await named({ roomId })).toEqual(['REMIND'])
    expect(await named({ entityId: 'no UUID' })).toEqual(['TIDY'])
    expect(await named({ tags: ['queue'] })).toEqual(['REMIND', 'TIDY'])
    expect(await named({ tags: ['repeat', 'queue'] })).toEqual(['REMIND'])
    const { id } = first.task
    const [standing] = await reads.tasks({ ids: [id] })
    expect(standing).toMatchObject(first.task)
    await commit(task({ ...first.task, name: 'RENAMED' }))
    const [changed] = await reads.tasks({ ids: [id] })
    expect(changed).toMatchObject({ name: 'RENAMED', createdAt: standing?.createdAt })
    expect(changed?.updatedAt).toBeGreaterThanOrEqual(standing?.updatedAt ?? Infinity)
    await commit({ kind: 'task.delete', id })
    expect(await named({})).toEqual(['TIDY'])
  })
}

function logs(agent: () => OneAgent): void {
  it('logs, newest first and ten at a time', async () => {
    const { commit, reads } = agent()
    const roomId = randomUUID()
    const all = Array.from({ length: 12 }, (_, at) =>
      log({ type: at < 3 ? 'early' : 'late', roomId }),
    )
    const ids = all.map((one) => one.log.id).reverse()
    await commit(...all, all[0] ?? log({}))
    const found = async (query: Parameters<typeof reads.logs>[0]) =>
      (await reads.logs(query)).map(({ id }) => id)
    expect(await found({ roomId })).toEqual(ids.slice(0, 10))
    expect(await found({ count: 5, offset: 10 })).toEqual(ids.slice(10))
    expect(await found({ type: 'early' })).toEqual(ids.slice(-3))
    expect(await found({ entityId: roomId })).toEqual([])
    await commit({ kind: 'log.delete', id: ids[0] ?? '' })
    expect(await found({ count: 1 })).toEqual([ids[1]])
  })
}

function messages(agent: () => OneAgent): void {
  const send = (roomId: string) =>
    ({
      kind: 'message.send',
      ...{ id: randomUUID(), memoryId: randomUUID(), roomId },
      ...{ content: { text: 'Tea is ready.' }, outboxSource: null },
    }) as const

  it('messages to other rooms, which the agent remembers', async () => {
    const { agentId, commit, reads } = agent()
    const there = room({ channelId: 'platform 7' })
    const message = send(there.room.id)
    await commit(there, message)
    await commit(message)
    expect(await reads.memories({ type: 'messages', roomIds: [message.roomId] })).toMatchObject([
      { id: message.memoryId, entityId: agentId, content: message.content },
    ])
  })

  it('and refuse one to a room that the agent does not have', async () => {
    const roomId = randomUUID()
    await expect(agent().commit(send(roomId))).rejects.toMatchObject({
      name: 'RecordError',
      message: expect.stringContaining(`The agent has no room '${roomId}'`),
    })
  })
}
