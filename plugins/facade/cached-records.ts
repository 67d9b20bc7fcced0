import type { AgentRecords } from '../../agent/records.ts'

/**
 * Asks for each thing once: one `composeState` asks for its room seven times. Everybody gets a copy, so
 * that what a plugin does to its answer reaches nobody. A failure is not kept.
 */
export function cachedRecords(
  records: AgentRecords,
  reads: Map<string, Promise<unknown>>,
): AgentRecords {
  const kept =
    <Args extends readonly unknown[], T>(name: string, ask: (...args: Args) => Promise<T>) =>
    async (...args: Args): Promise<T> => {
      const key = `${name}:${JSON.stringify(args)}`
      const answer = reads.get(key) ?? ask(...args)
      if (!reads.has(key)) {
        reads.set(key, answer)
        answer.catch(() => reads.delete(key))
      }
      return structuredClone(await answer) as T // the key names one read, and so one type
    }
  return {
    memories: kept('memories', (query) => records.memories(query)),
    memoriesById: kept('memoriesById', (ids, type) => records.memoriesById(ids, type)),
    searchMemories: kept('searchMemories', (search) => records.searchMemories(search)),
    countMemories: kept('countMemories', (query) => records.countMemories(query)),
    entities: kept('entities', (ids) => records.entities(ids)),
    entitiesOfRoom: kept('entitiesOfRoom', (roomId) => records.entitiesOfRoom(roomId)),
    rooms: kept('rooms', (ids) => records.rooms(ids)),
    roomsOfWorld: kept('roomsOfWorld', (worldId) => records.roomsOfWorld(worldId)),
    roomIdsOf: kept('roomIdsOf', (entityIds) => records.roomIdsOf(entityIds)),
    worlds: kept('worlds', (ids) => records.worlds(ids)),
    participants: kept('participants', (roomId) => records.participants(roomId)),
    participantState: kept('participantState', (roomId, entityId) =>
      records.participantState(roomId, entityId),
    ),
    components: kept('components', (query) => records.components(query)),
    relationships: kept('relationships', (query) => records.relationships(query)),
    cached: kept('cached', (key) => records.cached(key)),
    tasks: kept('tasks', (query) => records.tasks(query)),
    logs: kept('logs', (query) => records.logs(query)),
  }
}
