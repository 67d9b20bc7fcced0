import type { Relationship } from '../../agent/memory.ts'
import type {
  AgentRecords,
  Component,
  LogRecord,
  RecordWrite,
  TaskRecord,
} from '../../agent/records.ts'
import { stringToUuid } from '../../schema/ids.ts'
import { among, type Changes, changed, fits, type WriteOf } from './overlay-rows.ts'

type ThingReads = Pick<AgentRecords, 'components' | 'relationships' | 'cached' | 'tasks' | 'logs'>

/** Components, relationships, cache, tasks and logs as they will be when the step has committed. */
export function overlaidThings(
  records: ThingReads,
  written: readonly RecordWrite[],
  agentId: string,
): ThingReads {
  return {
    components: async (query) =>
      changed(
        await records.components(query),
        written,
        componentChanges(agentId),
        (row) =>
          among(query.ids, row.id) &&
          fits(row, query, ['entityId', 'type', 'worldId', 'sourceEntityId']),
      ),
    relationships: async ({ entityId, tags, ...query }) =>
      changed(
        await records.relationships({ entityId, tags, ...query }),
        written,
        relationshipChanges(agentId),
        (row) =>
          (entityId === undefined || [row.sourceEntityId, row.targetEntityId].includes(entityId)) &&
          (tags === undefined || tags.some((tag) => row.tags.includes(tag))) &&
          fits(row, query, ['id', 'sourceEntityId', 'targetEntityId']),
      ),
    async cached(key) {
      const last = written.findLast(
        (write): write is WriteOf<'cache.put' | 'cache.delete'> =>
          (write.kind === 'cache.put' || write.kind === 'cache.delete') && write.key === key,
      )
      if (!last) return records.cached(key)
      return last.kind === 'cache.put' ? structuredClone(last.value) : undefined
    },
    tasks: async (query) =>
      changed(
        await records.tasks(query),
        written,
        TASKS,
        (row) =>
          among(query.ids, row.id) &&
          (query.tags ?? []).every((tag) => row.tags.includes(tag)) &&
          fits(row, query, ['name', 'roomId', 'entityId']),
      ),
    async logs({ count = DEFAULT_LOGS, offset = 0, ...query }) {
      const whole = { ...query, count: count + offset + removedLogs(written) }
      const rows = changed(await records.logs(whole), written, LOGS, (row) =>
        fits(row, query, ['entityId', 'roomId', 'type']),
      )
      return rows.slice(offset, offset + count)
    },
  }
}

/** As the database has it. */
const DEFAULT_LOGS = 10

const removedLogs = (written: readonly RecordWrite[]): number =>
  written.filter(({ kind }) => kind === 'log.delete').length

const componentChanges = (agentId: string): Changes<Component> => ({
  idOf: ({ id }) => id,
  apply(rows, write) {
    if (write.kind === 'component.put') {
      const createdAt = rows.get(write.component.id)?.createdAt ?? Date.now()
      const component = structuredClone(write.component)
      rows.set(component.id, { ...component, agentId, createdAt })
    }
    if (write.kind === 'component.delete') rows.delete(write.id)
  },
})

/** By their pair: of each there is one. */
const relationshipChanges = (agentId: string): Changes<Relationship> => ({
  idOf: (row) => `${row.sourceEntityId}:${row.targetEntityId}`,
  apply(rows, write) {
    if (write.kind !== 'relationship.put') return
    const { id, sourceEntityId, targetEntityId, tags, metadata } = write.relationship
    const pair = `${sourceEntityId}:${targetEntityId}`
    const standing = rows.get(pair)
    rows.set(pair, {
      id: standing?.id ?? id ?? stringToUuid(`${agentId}:${pair}`),
      ...{ agentId, sourceEntityId, targetEntityId, tags: [...tags] },
      metadata: structuredClone(metadata) ?? standing?.metadata ?? {},
      createdAt: standing?.createdAt ?? Date.now(),
    })
  },
})

const TASKS: Changes<TaskRecord> = {
  idOf: ({ id }) => id,
  apply(rows, write) {
    if (write.kind === 'task.put') {
      const now = Date.now()
      const createdAt = rows.get(write.task.id)?.createdAt ?? now
      rows.set(write.task.id, { ...structuredClone(write.task), createdAt, updatedAt: now })
    }
    if (write.kind === 'task.delete') rows.delete(write.id)
  },
}

/** The newest first. */
const LOGS: Changes<LogRecord> = {
  idOf: ({ id }) => id,
  apply(rows, write) {
    if (write.kind === 'log.delete') rows.delete(write.id)
    if (write.kind !== 'log.add' || rows.has(write.log.id)) return
    const older = [...rows]
    rows.clear()
    rows.set(write.log.id, { ...structuredClone(write.log), createdAt: Date.now() })
    for (const [id, row] of older) rows.set(id, row)
  },
}
