import { describe, expect, it } from '@jest/globals'
import { type AgentRecords, MAX_LISTED, type RecordWrite } from '../../../agent/records.ts'
import { overlaid } from '../../../plugins/facade/overlay.ts'
import { stringToUuid } from '../../../schema/ids.ts'
import { AGENT_ID } from '../../support/fake-runtime-host.ts'
import { createMemoryRecords } from '../../support/memory-records.ts'

/** Ids from few, so that writes meet. */
const ids = ['a', 'b', 'c', 'd'].map((name) => stringToUuid(`overlay-${name}`))
const types = ['messages', 'facts']

/** The same numbers for the same seed (mulberry32). */
function dice(seed: number) {
  let state = seed
  const roll = (sides: number): number => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % sides
  }
  const oneOf = <T>(list: readonly T[]): T => {
    const found = list[roll(list.length)]
    if (found === undefined) throw new Error('The list is empty.')
    return found
  }
  return { roll, oneOf }
}

type Dice = ReturnType<typeof dice>

const MAKERS: readonly ((d: Dice) => RecordWrite)[] = [
  ({ oneOf, roll }) => ({
    kind: 'memory.create',
    memory: {
      ...{ id: oneOf(ids), type: oneOf(types), roomId: oneOf(ids), entityId: oneOf(ids) },
      ...{ content: { text: `text ${roll(9)}` }, unique: roll(2) === 0 },
      ...{ worldId: oneOf(ids), createdAt: roll(1_000_000) },
      metadata: roll(3) === 0 ? { documentId: oneOf(ids) } : {},
      embedding: [roll(5) + 1, roll(5)],
    },
  }),
  ({ oneOf, roll }) => ({
    ...{ kind: 'memory.update', id: oneOf(ids), metadata: { changed: roll(9) } },
    content: { text: `new ${roll(9)}` },
  }),
  ({ oneOf }) => ({ kind: 'memory.delete', ids: [oneOf(ids)] }),
  ({ oneOf }) => ({ kind: 'room.delete', ids: [oneOf(ids)] }),
  ({ oneOf }) => ({ kind: 'memory.clear', roomId: oneOf(ids), type: oneOf(types) }),
  ({ oneOf, roll }) => ({
    ...{ kind: 'entity.put', ifMissing: roll(2) === 0 },
    entity: { id: oneOf(ids), names: [`name ${roll(9)}`], metadata: { n: roll(9) } },
  }),
  ({ oneOf, roll }) => ({
    ...{ kind: 'room.put', ifMissing: roll(2) === 0 },
    room: {
      ...{ id: oneOf(ids), worldId: oneOf(ids), channelId: oneOf(ids), name: `room ${roll(9)}` },
      ...{ source: 'test', type: 'GROUP', metadata: {} },
    },
  }),
  ({ oneOf, roll }) => ({
    ...{ kind: 'world.put', ifMissing: roll(2) === 0 },
    world: { id: oneOf(ids), name: `world ${roll(9)}`, metadata: { n: roll(9), roles: {} } },
  }),
  ({ oneOf, roll }) => ({
    ...{ kind: 'world.set', id: oneOf(ids), path: ['roles', oneOf(ids)] },
    value: roll(3) === 0 ? undefined : 'ADMIN',
  }),
  ({ oneOf }) => ({ kind: 'participant.add', roomId: oneOf(ids), entityId: oneOf(ids) }),
  ({ oneOf }) => ({ kind: 'participant.remove', roomId: oneOf(ids), entityId: oneOf(ids) }),
  ({ oneOf, roll }) => ({
    kind: 'component.put',
    component: { id: oneOf(ids), entityId: oneOf(ids), type: oneOf(types), data: { n: roll(9) } },
  }),
  ({ oneOf }) => ({ kind: 'component.delete', id: oneOf(ids) }),
  ({ oneOf, roll }) => ({
    kind: 'relationship.put',
    relationship: {
      ...{ sourceEntityId: oneOf(ids), targetEntityId: oneOf(ids) },
      ...{ tags: [`tag${roll(3)}`], metadata: { n: roll(9) } },
    },
  }),
  ({ oneOf, roll }) => ({ kind: 'cache.put', key: oneOf(ids), value: roll(9) }),
  ({ oneOf }) => ({ kind: 'cache.delete', key: oneOf(ids) }),
  ({ oneOf, roll }) => ({
    kind: 'task.put',
    task: {
      ...{ id: oneOf(ids), name: oneOf(types), description: '', roomId: oneOf(ids) },
      ...{ tags: roll(2) === 0 ? ['queue'] : ['queue', 'repeat'], metadata: { n: roll(9) } },
    },
  }),
  ({ oneOf }) => ({ kind: 'task.delete', id: oneOf(ids) }),
  ({ oneOf, roll }) => {
    // An entry never changes: the same id means the same place.
    const id = oneOf(ids)
    const place = { type: id < '8' ? 'messages' : 'facts', entityId: id }
    return { kind: 'log.add', log: { id, ...place, body: { n: roll(9) } } }
  },
  ({ oneOf }) => ({ kind: 'log.delete', id: oneOf(ids) }),
]

/** All that can be asked about a few ids; the order counts where the contract says so. */
async function everything(records: AgentRecords): Promise<unknown> {
  const [one = '', two = ''] = ids
  const answers = {
    newest: await records.memories({ count: 3 }),
    next: await records.memories({ count: 2, offset: 1 }),
    oldest: await records.memories({ count: MAX_LISTED, oldestFirst: true }),
    facts: await records.memories({ type: 'facts', roomIds: [one, two], count: 20 }),
    unique: await records.memories({ unique: true, count: 20, withEmbeddings: true }),
    pieces: await records.memories({ documentId: one, count: 20 }),
    counts: await Promise.all([
      records.countMemories({}),
      records.countMemories({ type: 'facts' }),
      records.countMemories({ roomIds: [one], unique: true }),
    ]),
    byId: sorted(await records.memoriesById(ids)),
    found: sorted(await records.searchMemories({ embedding: [1, 2], count: 20, type: 'facts' })),
    entities: sorted(await records.entities(ids)),
    rooms: sorted(await records.rooms(ids)),
    ofWorld: sorted(await records.roomsOfWorld(one)),
    // Of rooms that nobody made; whether one is missing is known only to the database.
    worlds: sorted(await records.worlds()).filter(({ id }) => id !== AGENT_ID),
    participants: await Promise.all(ids.map((id) => records.participants(id))),
    inRoom: sorted(await records.entitiesOfRoom(two)),
    roomsOf: (await Promise.all(ids.map((id) => records.roomIdsOf([id])))).map((each) =>
      each.toSorted(),
    ),
    components: sorted(await records.components({ entityId: one })),
    relationships: sorted(await records.relationships({ entityId: one, tags: ['tag1', 'tag2'] })),
    cached: await Promise.all(ids.map((id) => records.cached(id))),
    tasks: sorted(await records.tasks({ tags: ['repeat'] })),
    logs: await records.logs({}),
    olderLogs: await records.logs({ type: 'facts', count: 2, offset: 1 }),
    logsOf: await records.logs({ entityId: one, count: 20 }),
  }
  return JSON.parse(JSON.stringify(answers, withoutClock))
}

const sorted = <T extends { readonly id: string }>(rows: readonly T[]): T[] =>
  rows.toSorted((a, b) => a.id.localeCompare(b.id))

/** The overlay cannot know the times, nor what rooms, worlds and entities the database makes by itself. */
const withoutClock = (key: string, value: unknown): unknown =>
  ['updatedAt', 'messageServerId', 'similarity'].includes(key) ||
  (key === 'createdAt' && Number(value) > 1_000_000)
    ? undefined
    : value

/** Everything that writes may refer to: the database makes what is missing, the overlay does not. */
const STANDING: readonly RecordWrite[] = ids.flatMap((id): RecordWrite[] => [
  { kind: 'world.put', world: { id, metadata: {} }, ifMissing: true },
  { kind: 'entity.put', entity: { id, names: [], metadata: {} }, ifMissing: true },
  {
    kind: 'room.put',
    room: { id, worldId: id, channelId: id, source: 'test', type: 'GROUP', metadata: {} },
  },
])

describe('what a step reads of what it wrote', () => {
  it.each(Array.from({ length: 80 }, (_, seed) => seed))(
    'is what is stored when it has committed (%i)',
    async (seed) => {
      const d = dice(seed)
      const make = (count: number) => Array.from({ length: count }, () => d.oneOf(MAKERS)(d))
      const records = createMemoryRecords()
      await records.commit(AGENT_ID, [...STANDING, ...make(20)])
      const written = make(1 + d.roll(12))
      const before = await everything(overlaid(records.of(AGENT_ID), written, AGENT_ID))
      await records.commit(AGENT_ID, written)
      expect(before).toEqual(await everything(records.of(AGENT_ID)))
    },
  )

  it('is what is stored when it wrote nothing', () => {
    const records = createMemoryRecords().of(AGENT_ID)
    expect(overlaid(records, [], AGENT_ID)).toBe(records)
  })
})
