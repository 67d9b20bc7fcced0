import type { LogRecord } from '../../agent/records.ts'
import type { JsonObject } from '../../schema/json.ts'
import type { Access } from './access.ts'
import { given, toObject } from './json.ts'
import type { LogMembers } from './record-members.ts'
import type { ElizaLog } from './shapes.ts'

/** Plugins log whole states; a longer body is left out, by name. */
const MAX_BODY = 100_000

export function logMembers(access: Access): LogMembers {
  return {
    async log({ body, entityId, roomId, type }) {
      const id = access.nextId('log')
      const place = given({ entityId, roomId })
      await access.write({ kind: 'log.add', log: { id, type, body: bodyOf(body), ...place } })
    },
    async getLogs({ entityId, roomId, type, count, offset }) {
      const query = given({ entityId, roomId, type, count, offset })
      return (await access.records().logs(query)).map(toElizaLog)
    },
    deleteLog: (id) => access.write({ kind: 'log.delete', id }),
  }
}

function bodyOf(body: unknown): JsonObject {
  const json = toObject(body, 'the body of a log entry') ?? {}
  const { length } = JSON.stringify(json)
  return length > MAX_BODY ? { leftOut: `a body of ${length} characters` } : json
}

const toElizaLog = ({ createdAt, ...entry }: LogRecord): ElizaLog => ({
  ...entry,
  body: { ...entry.body },
  createdAt: new Date(createdAt),
})
