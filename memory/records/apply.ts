import type { Kysely } from 'kysely'
import { checkRecord } from '../../agent/record-checks.ts'
import type { RecordWrite } from '../../agent/records.ts'
import type { Database } from '../../schema/database.ts'
import type { WrittenBy } from '../said-message.ts'
import * as memories from './memory-writes.ts'
import * as people from './people-writes.ts'
import * as rooms from './room-writes.ts'
import { sendMessage } from './send-message.ts'
import * as things from './thing-writes.ts'
import * as worlds from './world-writes.ts'
import type { Writer } from './writer.ts'

type Db = Kysely<Database>

/**
 * Makes the changes in their order, within the caller's transaction. Run again, they write the same rows.
 * @throws {RecordError} one of them cannot be made, or would change a row of another agent: the
 * transaction must not be committed.
 */
export async function applyRecords(
  trx: Db,
  agentId: string,
  writes: readonly RecordWrite[],
  by?: WrittenBy,
): Promise<void> {
  for (const write of writes) checkRecord(write)
  // One after the other: a later one may need what an earlier one made.
  for (const [ordinal, write] of writes.entries()) {
    await apply(trx, { agentId, by, ordinal }, write)
  }
}

function apply(trx: Db, writer: Writer, write: RecordWrite): Promise<void> {
  const { agentId } = writer
  switch (write.kind) {
    case 'memory.create':
      return memories.createMemory(trx, writer, write.memory)
    case 'memory.update':
      return memories.updateMemory(trx, agentId, write)
    case 'memory.delete':
      return memories.deleteMemories(trx, agentId, write.ids)
    case 'memory.clear':
      return memories.clearMemories(trx, agentId, write)
    case 'entity.put':
      return people.putEntity(trx, agentId, write.entity, write.ifMissing)
    case 'room.put':
      return rooms.putRoom(trx, agentId, write.room, write.ifMissing)
    case 'room.delete':
      return rooms.deleteRooms(trx, agentId, write)
    case 'world.put':
      return worlds.putWorld(trx, agentId, write.world, write.ifMissing)
    case 'world.set':
      return worlds.setWorldValue(trx, agentId, write)
    case 'world.delete':
      return rooms.deleteWorld(trx, agentId, write.id)
    case 'participant.add':
      return people.addParticipant(trx, agentId, write)
    case 'participant.remove':
      return people.removeParticipant(trx, agentId, write)
    case 'participant.state':
      return people.setParticipantState(trx, agentId, write)
    case 'component.put':
      return things.putComponent(trx, writer, write)
    case 'component.delete':
      return things.deleteThing(trx, agentId, { table: 'components', id: write.id })
    case 'relationship.put':
      return things.putRelationship(trx, writer, write.relationship)
    case 'cache.put':
      return things.putCached(trx, agentId, write)
    case 'cache.delete':
      return things.deleteCached(trx, agentId, write.key)
    case 'task.put':
      return things.putTask(trx, writer, write)
    case 'task.delete':
      return things.deleteThing(trx, agentId, { table: 'tasks', id: write.id })
    case 'log.add':
      return things.addLog(trx, writer, write)
    case 'log.delete':
      return things.deleteThing(trx, agentId, { table: 'logs', id: write.id })
    case 'message.send':
      return sendMessage(trx, writer, write)
  }
}
