import { randomUUID } from 'node:crypto'
import type {
  EntityWrite,
  MemoryWrite,
  RecordWrite,
  RoomWrite,
  TaskRecord,
  WorldWrite,
} from '../../agent/records.ts'

/** Writes with the least that they need, under new ids unless told. */

export const memory = (given: Partial<MemoryWrite> & { roomId: string }) => ({
  kind: 'memory.create' as const,
  memory: {
    ...{ id: randomUUID(), type: 'facts', entityId: randomUUID(), content: { text: 'A fact.' } },
    ...given,
  },
})

export const entity = (given: Partial<EntityWrite> = {}, ifMissing = false) => ({
  kind: 'entity.put' as const,
  entity: { id: randomUUID(), names: ['Sam'], ...given },
  ifMissing,
})

export const world = (given: Partial<WorldWrite> = {}, ifMissing = false) => ({
  kind: 'world.put' as const,
  world: { id: randomUUID(), name: 'A world', ...given },
  ifMissing,
})

export const room = (given: Partial<RoomWrite> = {}, ifMissing = false) => ({
  kind: 'room.put' as const,
  room: {
    ...{ id: randomUUID(), worldId: randomUUID(), channelId: randomUUID() },
    ...{ source: 'test', type: 'GROUP', name: 'A room', ...given },
  },
  ifMissing,
})

export const joins = (roomId: string, entityId: string): RecordWrite => ({
  kind: 'participant.add',
  roomId,
  entityId,
})

export const task = (given: Partial<TaskRecord> = {}) => ({
  kind: 'task.put' as const,
  task: {
    ...{ id: randomUUID(), name: 'REMIND', description: 'Reminds.' },
    ...{ tags: ['queue', 'repeat'], metadata: {}, ...given },
  },
})

export const component = (given: { id?: string; entityId: string; worldId?: string }) => ({
  kind: 'component.put' as const,
  component: { id: randomUUID(), type: 'profile', data: { likes: 'tea' }, ...given },
})

export const log = (given: { id?: string; roomId?: string; type?: string; entityId?: string }) => ({
  kind: 'log.add' as const,
  log: { id: randomUUID(), type: 'note', body: { text: 'Noted.' }, ...given },
})

export const relationship = (
  sourceEntityId: string,
  targetEntityId: string,
  tags: readonly string[] = ['friend'],
): Extract<RecordWrite, { kind: 'relationship.put' }> => ({
  kind: 'relationship.put',
  relationship: { sourceEntityId, targetEntityId, tags },
})
