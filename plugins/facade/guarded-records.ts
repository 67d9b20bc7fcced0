import type { AgentRecords, RecordWrite, StoredMemory } from '../../agent/records.ts'
import type { PermissionGuard } from '../permissions/permission-book.ts'

/** What the member that runs may reach of what the agent has stored. */
export type RecordGuard = Pick<PermissionGuard, 'table' | 'room' | 'maySeeSetting'>

/** Who asks for no table or no room by name wants all of them. */
const ALL = '*'

/** Reads of memories and of who is in a room. @throws {PluginError} from them: it may not */
export function guardedRecords(records: AgentRecords, guard: RecordGuard): AgentRecords {
  const place = (type: string | undefined, roomIds: readonly string[]) => {
    guard.table(type ?? ALL)
    for (const roomId of roomIds) guard.room(roomId)
  }
  const checked = (rows: readonly StoredMemory[]) => {
    for (const { type, roomId } of rows) place(type, [roomId])
    return rows
  }
  const inRoom =
    <Args extends readonly unknown[], T>(ask: (roomId: string, ...args: Args) => Promise<T>) =>
    async (roomId: string, ...args: Args): Promise<T> => {
      guard.room(roomId)
      return ask(roomId, ...args)
    }
  return {
    ...records,
    async memories(query) {
      place(query.type, query.roomIds ?? [ALL])
      return records.memories(query)
    },
    memoriesById: async (ids, type) => checked(await records.memoriesById(ids, type)),
    async searchMemories(search) {
      place(search.type, [search.roomId ?? ALL])
      return records.searchMemories(search)
    },
    async countMemories(query) {
      place(query.type, query.roomIds ?? [ALL])
      return records.countMemories(query)
    },
    async logs(query) {
      guard.room(query.roomId ?? ALL)
      return records.logs(query)
    },
    async components(query) {
      const found = await records.components(query)
      return found.filter(({ roomId }) => roomId === undefined || isOpen(guard, roomId))
    },
    participants: inRoom((roomId) => records.participants(roomId)),
    entitiesOfRoom: inRoom((roomId) => records.entitiesOfRoom(roomId)),
    participantState: inRoom((roomId, entityId: string) =>
      records.participantState(roomId, entityId),
    ),
  }
}

/** What a person has of other rooms is to the member not there: it asked by the person. */
function isOpen(guard: RecordGuard, roomId: string): boolean {
  try {
    guard.room(roomId)
    return true
  } catch {
    return false
  }
}

/**
 * @param standing the memories that the writes change or remove, as far as they exist
 * @throws {PluginError} one of the writes may not be
 */
export function guardWrites(
  writes: readonly RecordWrite[],
  standing: readonly StoredMemory[],
  guard: RecordGuard,
): void {
  for (const { type, roomId } of standing) {
    guard.table(type)
    guard.room(roomId)
  }
  for (const write of writes) {
    const { table, rooms } = reachOf(write)
    if (table !== undefined) guard.table(table)
    for (const roomId of rooms) guard.room(roomId)
  }
}

/** Ids of the memories that a write changes or removes. */
export const changedIds = (writes: readonly RecordWrite[]): readonly string[] =>
  writes.flatMap((write) => {
    if (write.kind === 'memory.update') return [write.id]
    return write.kind === 'memory.delete' ? write.ids : []
  })

interface Reach {
  readonly table?: string
  readonly rooms: readonly string[]
}

function reachOf(write: RecordWrite): Reach {
  switch (write.kind) {
    case 'memory.create':
      return { table: write.memory.type, rooms: [write.memory.roomId] }
    case 'memory.clear':
      return { table: write.type ?? ALL, rooms: [write.roomId ?? ALL] }
    case 'room.delete':
      return { rooms: write.ids ?? [ALL] }
    case 'log.add':
      return { rooms: write.log.roomId ? [write.log.roomId] : [] }
    case 'component.put':
      return { rooms: write.component.roomId ? [write.component.roomId] : [] }
    case 'participant.add':
    case 'participant.remove':
    case 'participant.state':
    case 'message.send':
      return { rooms: [write.roomId] }
    default:
      return { rooms: [] }
  }
}
