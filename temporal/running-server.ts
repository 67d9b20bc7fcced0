import { endProcess, killNow } from './end-process.ts'
import { removeServerRecord, type ServerRecord } from './server-record.ts'

export interface DevServer {
  /** Of the gRPC frontend, such as `127.0.0.1:7233`. */
  readonly address: string
  readonly uiUrl: string
  readonly pid: number
  /** Where a database is that could not be opened; an empty one has taken its place. */
  readonly setAside?: string
  /** Found running, left behind by a start that was killed. */
  readonly adopted: boolean
  /** Ends it within 10 s. It is killed when this process exits without having called this. */
  stop(): Promise<void>
}

/** The server of a record, as its user holds it; killed when this process exits before `stop`. */
export function runningServer(
  record: ServerRecord,
  directory: string,
  found: { adopted: boolean; setAside?: string },
): DevServer {
  const kill = () => killNow(record)
  process.once('exit', kill)
  const stop = async () => {
    await endProcess(record)
    process.off('exit', kill)
    removeServerRecord(directory)
  }
  return {
    ...found,
    address: `${record.ip}:${record.port}`,
    uiUrl: `http://${record.ip}:${record.uiPort}`,
    pid: record.pid,
    stop,
  }
}
