import type { AgentRecords, Records, RecordWrite } from '../../agent/records.ts'

export interface MemoryRecords extends Records {
  /** Everything that was committed, in order. */
  readonly writes: RecordWrite[]
}

/** Records in memory. What is not there yet is empty. */
export function createMemoryRecords(): MemoryRecords {
  const writes: RecordWrite[] = []
  const none = async () => []
  const reads: AgentRecords = {
    memories: none,
    memoriesById: none,
    searchMemories: none,
    countMemories: async () => 0,
    entities: none,
    entitiesOfRoom: none,
    rooms: none,
    roomsOfWorld: none,
    roomIdsOf: none,
    worlds: none,
    participants: none,
    participantState: async () => null,
    components: none,
    relationships: none,
    cached: async () => undefined,
    tasks: none,
    logs: none,
  }
  return {
    writes,
    of: () => reads,
    commit: async (_agentId, more) => void writes.push(...more),
  }
}
