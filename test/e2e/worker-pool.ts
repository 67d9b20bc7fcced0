import { hostname } from 'node:os'
import type { House, Worker } from '../support/e2e-house.ts'
import type { RecordedRequest } from '../support/stub-openai.ts'

/** The workers of a test file that live. */
export interface WorkerPool {
  all(): readonly Worker[]
  /** Starts those that are missing. */
  start(count: number): Promise<void>
  end(worker: Worker, signal: 'SIGKILL' | 'SIGTERM'): Promise<void>
  /** The one that made this model call. */
  callerOf(request: Pick<RecordedRequest, 'body'>): Worker
  /** The one that calls itself so in a history. */
  byIdentity(identity: string | undefined): Worker
}

/** @param houseOf the house is opened by a hook, later than this is called. */
export function createWorkerPool(houseOf: () => House): WorkerPool {
  let workers: Worker[] = []
  const find = (says: string, matches: (worker: Worker) => boolean): Worker => {
    const worker = workers.find(matches)
    if (!worker) throw new Error(`No worker that lives ${says}.`)
    return worker
  }
  return {
    all: () => workers,
    async start(count) {
      const missing = Array.from({ length: count - workers.length }, () => houseOf().startWorker())
      workers.push(...(await Promise.all(missing)))
    },
    async end(worker, signal) {
      workers = workers.filter((other) => other !== worker)
      await worker.end(signal)
    },
    callerOf: ({ body }) => find(`uses '${body.model}'`, (worker) => worker.model === body.model),
    byIdentity: (identity) =>
      find(`is '${identity}'`, (worker) => `${worker.pid}@${hostname()}` === identity),
  }
}
