import { isUuid } from '../schema/ids.ts'
import { DomainError } from './errors.ts'
import type { RecordWrite } from './records.ts'

/** A change that would never be stored, however often it is repeated. */
export class RecordError extends DomainError {
  readonly code = 'record_refused'
  override readonly name = 'RecordError'
}

/**
 * What can be told from the change alone, so that whoever wrote it hears of it at once, and not when its
 * step commits.
 * @throws {RecordError}
 */
export function checkRecord(write: RecordWrite): void {
  for (const [name, id] of Object.entries(idsOf(write))) {
    if (id !== undefined && !isUuid(id)) {
      throw new RecordError(
        `The ${name} '${id}' of '${write.kind}' is no UUID. Make one of it with stringToUuid.`,
      )
    }
  }
  for (const [name, text] of Object.entries(keysOf(write))) {
    if (text !== undefined && text.length > MAX_KEY) {
      throw new RecordError(
        `The ${name} '${text.slice(0, 40)}…' of '${write.kind}' has ${text.length} characters: it takes at most ${MAX_KEY}.`,
      )
    }
  }
  if (write.kind === 'participant.state' && !STATES.includes(write.state)) {
    throw new RecordError(
      `A participant's state is 'FOLLOWED', 'MUTED' or null, and not '${write.state}'.`,
    )
  }
  const { embedding, id } = embeddingOf(write)
  if (embedding.length > MAX_DIMS || !embedding.every(isStorable)) {
    throw new RecordError(
      `The embedding of the memory '${id}' has ${embedding.length} values: it takes at most ${MAX_DIMS}, each a finite number. Ask the model again.`,
    )
  }
  if (write.kind === 'world.set' && write.path.length === 0) {
    throw new RecordError(
      `A change of the world '${write.id}' names no key of its metadata. Name one, or use 'world.put'.`,
    )
  }
}

const STATES: readonly unknown[] = ['FOLLOWED', 'MUTED', null]

/** What an index takes is bounded. */
const MAX_KEY = 500

/** pgvector's. */
const MAX_DIMS = 16_000

/** It is stored in four bytes. */
const isStorable = (value: number): boolean => Number.isFinite(Math.fround(value))

function embeddingOf(write: RecordWrite): { embedding: readonly number[]; id: string } {
  if (write.kind === 'memory.create') {
    return { embedding: write.memory.embedding ?? [], id: write.memory.id }
  }
  if (write.kind === 'memory.update') return { embedding: write.embedding ?? [], id: write.id }
  return { embedding: [], id: '' }
}

/** Texts that rows are found by. */
function keysOf(write: RecordWrite): Readonly<Record<string, string | undefined>> {
  switch (write.kind) {
    case 'memory.create': {
      const { documentId } = write.memory.metadata ?? {}
      return {
        type: write.memory.type,
        documentId: typeof documentId === 'string' ? documentId : undefined,
      }
    }
    case 'component.put':
      return { entityId: write.component.entityId }
    case 'task.put':
      return { name: write.task.name, roomId: write.task.roomId, entityId: write.task.entityId }
    case 'log.add':
      return { roomId: write.log.roomId }
    default:
      return {}
  }
}

/** Of what is made. What is looked for under an id that is none is just not there. */
function idsOf(write: RecordWrite): Readonly<Record<string, string | undefined>> {
  switch (write.kind) {
    case 'memory.create': {
      const { id, roomId, entityId, worldId } = write.memory
      return { id, roomId, entityId, worldId }
    }
    case 'entity.put':
      return { id: write.entity.id }
    case 'room.put':
      return { id: write.room.id, worldId: write.room.worldId }
    case 'world.put':
      return { id: write.world.id }
    case 'participant.add':
      return { roomId: write.roomId, entityId: write.entityId }
    case 'component.put':
      return { id: write.component.id }
    case 'relationship.put': {
      const { id, sourceEntityId, targetEntityId } = write.relationship
      return { id, sourceEntityId, targetEntityId }
    }
    case 'task.put':
      return { id: write.task.id }
    case 'log.add':
      return { id: write.log.id }
    case 'message.send':
      return { id: write.id, memoryId: write.memoryId, roomId: write.roomId }
    default:
      return {}
  }
}
