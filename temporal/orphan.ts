import { DevServerError } from './dev-server-error.ts'
import { endProcess } from './end-process.ts'
import { commandLineOf, isRunning, type ProcessIdentity, processesNaming } from './process-table.ts'
import { serverAnswers } from './server-answers.ts'
import { readServerRecord, removeServerRecord, type ServerRecord } from './server-record.ts'

/** A server that runs has its answer ready; this allows for a machine under load. */
const ANSWER_LIMIT_MS = 3_000

export interface OrphanSearch {
  /** Of `server.json`. */
  readonly directory: string
  readonly databaseFile: string
  /** Whether the new start would take a server with this address and these settings. */
  readonly isWanted: (record: ServerRecord) => boolean
  readonly onLog: (line: string) => void
}

/**
 * Looks for the server that a killed parent left behind on this database. Adopts it when it answers
 * and is wanted, else ends it: afterwards either a record is returned or nobody has the file open.
 * Call it with the data folder's lock held. A process is ours only by pid, start time and file.
 * @throws {DevServerError} a process has the file open that cannot be shown to be ours.
 */
export async function adoptOrEndOrphan(search: OrphanSearch): Promise<ServerRecord | undefined> {
  const record = readServerRecord(search.directory)
  const orphan = record && isOurs(record, search.databaseFile) ? record : undefined
  if (orphan && (await isAdoptable(orphan, search))) return orphan

  if (orphan) {
    search.onLog(`Ending the Temporal server of an earlier start (pid ${orphan.pid}).`)
    await endProcess(orphan)
  }
  removeServerRecord(search.directory)
  refuseStrangers(search.databaseFile)
  return undefined
}

async function isAdoptable(orphan: ServerRecord, search: OrphanSearch): Promise<boolean> {
  if (!search.isWanted(orphan)) return false
  return serverAnswers(`${orphan.ip}:${orphan.port}`, {
    limitMs: ANSWER_LIMIT_MS,
    isHopeless: () => !isRunning(orphan),
  })
}

function isOurs(record: ServerRecord & ProcessIdentity, databaseFile: string): boolean {
  const isSameFolder = record.databaseFile === databaseFile
  return isSameFolder && isRunning(record) && commandLineOf(record.pid).includes(databaseFile)
}

/** Killed between the start of its server and the record of it, a parent leaves one without. */
function refuseStrangers(databaseFile: string): void {
  const [stranger] = processesNaming('start-dev', databaseFile)
  if (stranger === undefined) return
  throw new DevServerError(
    `The process ${stranger} has Temporal's database '${databaseFile}' open, and no record says ` +
      'that this program started it. Two servers on one file would ruin it. End that process, ' +
      'then start again.',
  )
}
