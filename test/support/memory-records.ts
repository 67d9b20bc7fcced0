import type { Records, RecordWrite } from '../../agent/records.ts'
import { readsOf } from './memory-records-reads.ts'
import { emptyShelf, type Shelf } from './memory-records-shelf.ts'
import { applyInMemory } from './memory-records-writes.ts'

export interface MemoryRecords extends Records {
  /** Everything that was committed, in order. */
  readonly writes: RecordWrite[]
}

/** Records in memory: what `memory/records.ts` promises, for as many agents as one likes. */
export function createMemoryRecords(): MemoryRecords {
  const writes: RecordWrite[] = []
  let shelf = emptyShelf()
  return {
    writes,
    of: (agentId) => readsOf(() => shelf, agentId),
    async commit(agentId, more) {
      const next: Shelf = structuredClone(shelf)
      for (const write of more) applyInMemory(next, agentId, write)
      shelf = next // all of them, or none
      writes.push(...more)
    },
  }
}
