import type { AgentRecords, RecordWrite } from '../../agent/records.ts'
import { overlaidMemories } from './overlay-memories.ts'
import { overlaidPlaces } from './overlay-places.ts'
import { overlaidThings } from './overlay-things.ts'

/**
 * What is stored, as it will be when `written` has been committed: a step reads back what it wrote.
 *
 * @param agentId whose they are
 */
export function overlaid(
  records: AgentRecords,
  written: readonly RecordWrite[],
  agentId: string,
): AgentRecords {
  if (written.length === 0) return records
  return {
    ...overlaidMemories(records, written, agentId),
    ...overlaidPlaces(records, written, agentId),
    ...overlaidThings(records, written, agentId),
  }
}
