import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

const ServerRecord = z.object({
  pid: z.int().positive(),
  startedAt: z.string(),
  /** Another folder's record, copied with its folder, must not be believed. */
  databaseFile: z.string(),
  ip: z.string(),
  port: z.int(),
  uiPort: z.int(),
  /** A server that was started with other settings is not adopted. */
  settings: z.array(z.string()),
})

/** The dev server that was last started in a data folder, in `server.json`. */
export type ServerRecord = z.infer<typeof ServerRecord>

export function serverRecordPath(directory: string): string {
  return join(directory, 'server.json')
}

/** Undefined when there is none, or one that cannot be read: nothing is known then. */
export function readServerRecord(directory: string): ServerRecord | undefined {
  try {
    return ServerRecord.parse(JSON.parse(readFileSync(serverRecordPath(directory), 'utf8')))
  } catch {
    return undefined
  }
}

/** Synchronous: between the start of the server and its record, the parent must not be killed. */
export function writeServerRecord(directory: string, record: ServerRecord): void {
  const temporary = `${serverRecordPath(directory)}.tmp`
  writeFileSync(temporary, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 })
  renameSync(temporary, serverRecordPath(directory))
}

export function removeServerRecord(directory: string): void {
  rmSync(serverRecordPath(directory), { force: true })
}
