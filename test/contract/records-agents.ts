import { randomUUID } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import type { AgentRecords, RecordWrite } from '../../agent/records.ts'
import * as write from './record-writes.ts'
import type { OneAgent } from './records.ts'

/** Ids of one row of each kind, and the writes that made them. */
interface Everything {
  readonly roomId: string
  readonly worldId: string
  readonly entityId: string
  readonly ids: Readonly<Record<'memory' | 'component' | 'task' | 'log' | 'document', string>>
  readonly writes: readonly RecordWrite[]
}

export function recordsOfAgents(agents: () => { agent: OneAgent; other: OneAgent }): void {
  describe('of one agent', () => {
    it('are never read by another', async () => {
      const { agent, other } = agents()
      const all = everything()
      await agent.commit(...all.writes)
      for (const [name, read] of Object.entries(readsOf(all))) {
        expect([name, isEmpty(await read(agent.reads))]).toEqual([name, false])
        expect([name, isEmpty(await read(other.reads))]).toEqual([name, true])
      }
    })

    it('are never changed by another, who is told so when it puts something of the same id', async () => {
      const { agent, other } = agents()
      const all = everything()
      await agent.commit(...all.writes)
      const before = await everyRead(agent, all)
      for (const one of all.writes.filter(({ kind }) => REFUSED.includes(kind))) {
        const refusal = await other.commit(one).catch((error) => error)
        expect([one.kind, refusal.name, refusal.message]).toEqual([
          ...[one.kind, 'RecordError', expect.stringContaining('belongs to another agent')],
        ])
      }
      for (const one of changesOf(all)) await other.commit(one)
      expect(await everyRead(agent, all)).toEqual(before)
    })

    it('answer nothing for ids that are no UUIDs', async () => {
      const { agent } = agents()
      const { ids, ...places } = everything()
      const odd = { ...places, roomId: 'room', worldId: 'world', entityId: 'Sam' }
      const nothing = { ...ids, memory: '', component: '1', task: 'x', log: '-', document: 'y' }
      for (const [name, read] of Object.entries(readsOf({ ...odd, ids: nothing }))) {
        expect([name, isEmpty(await read(agent.reads))]).toEqual([name, true])
      }
    })

    it('are changed by all of a commit, or by none of it', async () => {
      const { agent, other } = agents()
      const all = everything()
      await other.commit(...all.writes)
      const before = await everyRead(agent, all)
      const mine = write.entity()
      await expect(agent.commit(mine, ...all.writes)).rejects.toThrow('belongs to another agent')
      expect(await agent.reads.entities([mine.entity.id])).toEqual([])
      expect(await everyRead(agent, all)).toEqual(before)
    })
  })
}

const REFUSED: readonly string[] = [
  ...['memory.create', 'entity.put', 'room.put', 'world.put', 'participant.add', 'component.put'],
  ...['task.put', 'relationship.put'],
]

function everything(): Everything {
  const [roomId, worldId, entityId] = [randomUUID(), randomUUID(), randomUUID()]
  const document = write.memory({ roomId, worldId, entityId, embedding: [1, 2] })
  const fragment = write.memory({ roomId, metadata: { documentId: document.memory.id } })
  const component = write.component({ entityId, worldId })
  const [task, log] = [write.task({ roomId, entityId }), write.log({ roomId, entityId })]
  const writes: readonly RecordWrite[] = [
    write.world({ id: worldId }),
    write.room({ id: roomId, worldId }),
    write.entity({ id: entityId }),
    write.joins(roomId, entityId),
    { kind: 'participant.state', roomId, entityId, state: 'FOLLOWED' },
    ...[document, fragment, component, task, log],
    write.relationship(entityId, randomUUID()),
    { kind: 'cache.put', key: 'key', value: 'value' },
  ]
  const ids = {
    ...{ memory: fragment.memory.id, document: document.memory.id },
    ...{ component: component.component.id, task: task.task.id, log: log.log.id },
  }
  return { roomId, worldId, entityId, ids, writes }
}

/** By each key that rows are found by; those without one ask for all that the agent has. */
function readsOf({ roomId, worldId, entityId, ids }: Everything) {
  const reads: Record<string, (records: AgentRecords) => Promise<unknown>> = {
    'memories of the room': (records) => records.memories({ roomIds: [roomId] }),
    'memories of two rooms': (records) => records.memories({ roomIds: [roomId, roomId] }),
    'memories of the world': (records) => records.memories({ worldId }),
    'memories of the entity': (records) => records.memories({ entityId }),
    'memories of the document': (records) => records.memories({ documentId: ids.document }),
    'memories by id': (records) => records.memoriesById([ids.memory]),
    'memories like': (records) => records.searchMemories({ embedding: [1, 2], roomId }),
    count: (records) => records.countMemories({ roomIds: [roomId] }),
    entities: (records) => records.entities([entityId]),
    'entities of the room': (records) => records.entitiesOfRoom(roomId),
    rooms: (records) => records.rooms([roomId]),
    'rooms of the world': (records) => records.roomsOfWorld(worldId),
    'rooms of the entity': (records) => records.roomIdsOf([entityId]),
    worlds: (records) => records.worlds([worldId]),
    participants: (records) => records.participants(roomId),
    state: (records) => records.participantState(roomId, entityId),
    components: (records) => records.components({ ids: [ids.component] }),
    'components of the entity': (records) => records.components({ entityId }),
    relationships: (records) => records.relationships({ entityId }),
    'relationships of one side': (records) => records.relationships({ sourceEntityId: entityId }),
    tasks: (records) => records.tasks({ ids: [ids.task] }),
    'tasks of the room': (records) => records.tasks({ roomId }),
    logs: (records) => records.logs({ roomId }),
    'logs of the entity': (records) => records.logs({ entityId }),
    'cached values': (records) => records.cached(roomId === 'room' ? 'none' : 'key'),
  }
  return reads
}

/** What changes or removes, and is no error where there is nothing. */
const changesOf = ({ roomId, worldId, entityId, ids }: Everything): readonly RecordWrite[] => [
  { kind: 'memory.update', id: ids.memory, content: { text: 'Mine' }, embedding: [3, 4] },
  { kind: 'memory.delete', ids: [ids.memory, ids.document] },
  { kind: 'memory.clear', roomId },
  { kind: 'memory.clear' },
  { kind: 'room.delete', ids: [roomId], worldId },
  { kind: 'world.set', id: worldId, path: ['roles'], value: 'Mine' },
  { kind: 'world.delete', id: worldId },
  { kind: 'participant.state', roomId, entityId, state: 'MUTED' },
  { kind: 'participant.remove', roomId, entityId },
  { kind: 'component.delete', id: ids.component },
  { kind: 'task.delete', id: ids.task },
  { kind: 'log.delete', id: ids.log },
  { kind: 'cache.put', key: 'key', value: 'Mine' },
  { kind: 'cache.delete', key: 'key' },
]

async function everyRead({ reads }: OneAgent, all: Everything): Promise<unknown> {
  const asked = Object.entries(readsOf(all))
  return Promise.all(asked.map(async ([name, read]) => [name, await read(reads)]))
}

const isEmpty = (answer: unknown): boolean =>
  Array.isArray(answer) ? answer.length === 0 : [undefined, null, 0].some((one) => one === answer)
