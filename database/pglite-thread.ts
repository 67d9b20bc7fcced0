import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { PGlite } from '@electric-sql/pglite'
import { vector } from '@electric-sql/pglite-pgvector'
import {
  describeFailure,
  isFatal,
  type ThreadReply,
  type ThreadRequest,
} from './pglite-messages.ts'
import { PgliteStatements } from './pglite-statements.ts'

// PGlite works synchronously: in the main thread a row of queries leaves no room for a timer. This
// file runs in a thread of its own and speaks to `pglite-client.ts`, which starts it.

const BYTEA = 17
const INT8 = 20

/** What Postgres printed while it started: there it says what is wrong. */
const printed: string[] = []
const keepPrinted = (text: string) => {
  if (printed.length < 100) printed.push(text)
  return false
}

const OPTIONS = {
  onStdout: keepPrinted,
  onStderr: keepPrinted,
  extensions: { vector },
  // The same types as `pg` gives us, see `postgres.ts`.
  parsers: { [INT8]: Number },
  startParams: [
    ...PGlite.defaultStartParams,
    // There is no background process that trims the log: our checkpoints do, down to these sizes.
    ...['-c', 'max_wal_size=64MB', '-c', 'min_wal_size=32MB'],
  ],
}

/** @param folder absent: in memory. */
async function open(folder: string | undefined): Promise<PGlite> {
  if (folder === undefined) return PGlite.create(OPTIONS)
  if (!existsSync(folder)) await create(folder)
  // PGlite would make a new database over the remains of the old one.
  if (!existsSync(join(folder, 'PG_VERSION'))) throw new Error("its file 'PG_VERSION' is missing")
  return PGlite.create({ ...OPTIONS, dataDir: folder })
}

/** A new cluster gets its name when it is complete: a process that is killed here leaves no ruin. */
async function create(folder: string): Promise<void> {
  const unfinished = `${folder}.unfinished`
  await rm(unfinished, { recursive: true, force: true })
  await mkdir(unfinished, { recursive: true })
  const pglite = await PGlite.create({ ...OPTIONS, dataDir: unfinished })
  await pglite.close()
  await rename(unfinished, folder)
}

async function answer(
  pglite: PGlite,
  statements: PgliteStatements,
  request: ThreadRequest,
): Promise<ThreadReply> {
  const { id } = request
  try {
    if (request.kind === 'close') {
      await pglite.close()
      return { id, kind: 'closed' }
    }
    if (request.kind === 'query-arrays') {
      const answered = await statements.runArrays(request.sql, request.parameters)
      return { id, kind: 'arrays', ...answered }
    }
    const { rows, command, rowCount, fields } = await statements.run(
      request.sql,
      request.parameters,
    )
    const byteaColumns = fields.filter((f) => f.dataTypeID === BYTEA).map((f) => f.name)
    return { id, kind: 'rows', rows, command, rowCount, byteaColumns }
  } catch (error) {
    return { id, kind: 'failed', failure: describeFailure(error), isFatal: isFatal(error) }
  }
}

async function serve(port: MessagePort): Promise<void> {
  const { folder }: { folder?: string } = workerData
  let pglite: PGlite
  try {
    pglite = await open(folder)
  } catch (error) {
    const said = /(?:FATAL|PANIC|ERROR): +(.+)/.exec(printed.join('\n'))?.[1]
    const reason = said ?? describeFailure(error).message
    port.postMessage([{ kind: 'refused', reason }] satisfies ThreadReply[])
    return
  }
  const statements = new PgliteStatements(pglite)
  const serveBatch = async (batch: readonly ThreadRequest[]) => {
    const replies: ThreadReply[] = []
    for (const request of batch) replies.push(await answer(pglite, statements, request))
    port.postMessage(replies)
    // Ends this thread only. What was posted still arrives.
    if (replies.some(isLast)) process.exit()
  }
  let last = Promise.resolve()
  port.on('message', (batch: readonly ThreadRequest[]) => {
    last = last.then(() => serveBatch(batch))
  })
  port.postMessage([{ kind: 'ready' }] satisfies ThreadReply[])
}

const isLast = (reply: ThreadReply) =>
  reply.kind === 'closed' || (reply.kind === 'failed' && reply.isFatal)

if (parentPort) await serve(parentPort)
