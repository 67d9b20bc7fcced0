import { hostname } from 'node:os'
import { loadClientConnectConfig } from '@temporalio/envconfig'

/**
 * Health of the process beside which it runs: `node deploy/health.js api|worker`. Exits 0 when it
 * is well; says why on stderr and exits 1 when it is not.
 */
const LIMIT_MS = 4_000
/** An open poll is renewed every minute at the latest. */
const FRESH_MS = 90_000
const WORKFLOW_TASKS = 1

/** `/readyz` asks Postgres, Temporal, and whether a worker polls. */
async function checkApi() {
  const url = `http://127.0.0.1:${process.env.SERVER_PORT || 3000}/readyz`
  const answer = await fetch(url, { signal: AbortSignal.timeout(LIMIT_MS) })
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`)
}

/** A worker has no port, so Temporal is asked: does something on this host poll the Task Queue? */
async function checkWorker() {
  const { Client, Connection } = await import('@temporalio/client')
  const { connectionOptions, namespace = 'default' } = loadClientConnectConfig()
  const connection = await Connection.connect({ ...connectionOptions, connectTimeout: LIMIT_MS })
  try {
    const name = process.env.TURNKEEPER_TASK_QUEUE || 'turnkeeper'
    const { workflowService } = new Client({ connection, namespace })
    const { pollers } = await connection.withDeadline(Date.now() + LIMIT_MS, () =>
      workflowService.describeTaskQueue({
        namespace,
        taskQueue: { name },
        taskQueueType: WORKFLOW_TASKS,
      }),
    )
    if (pollers.some(isOursAndFresh)) return
    throw new Error(`No worker on '${hostname()}' polls '${name}', ${pollers.length} elsewhere do.`)
  } finally {
    await connection.close()
  }
}

/** Temporal's default identity of a Worker is `pid@hostname`, and a container's host name is its own. */
function isOursAndFresh({ identity, lastAccessTime }) {
  const seconds = Number(lastAccessTime?.seconds ?? 0)
  return identity?.includes(`@${hostname()}`) && Date.now() - seconds * 1000 < FRESH_MS
}

const checks = { api: checkApi, worker: checkWorker }
const role = process.argv[2] ?? ''
try {
  if (!Object.hasOwn(checks, role)) throw new Error(`Unknown role '${role}': use api or worker.`)
  await checks[role]()
} catch (error) {
  const cause = error.cause ? ` (${error.cause.message})` : ''
  process.stderr.write(`${role} is not well: ${error.message}${cause}\n`)
  process.exitCode = 1
}
