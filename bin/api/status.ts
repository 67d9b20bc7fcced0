import { setTimeout as delay } from 'node:timers/promises'
import { sql } from 'kysely'
import type { ModelRouter } from '../../agent/models.ts'
import type { Readiness, StatusPort } from '../../api/deps.ts'
import type { TemporalLink } from '../temporal-link.ts'
import { defaultModel } from './default-model.ts'
import type { ApiParts } from './parts.ts'

/** A check that takes longer has failed. */
const CHECK_LIMIT_MS = 2_000

/** A long poll of the SDK lasts 60 s. */
const POLL_SECONDS = 75

/** `temporal.api.enums.v1.TaskQueueType`. */
const WORKFLOW_QUEUE = 1

export interface StatusParts extends Pick<ApiParts, 'db'> {
  readonly temporal: TemporalLink
  readonly taskQueue: string
  readonly models: ModelRouter
}

export function createStatusPort(parts: StatusParts): StatusPort {
  return {
    model: () => defaultModel(parts.models),
    async readiness(): Promise<Readiness> {
      const checks = await Promise.all([
        check('postgres', () => sql`select 1`.execute(parts.db)),
        check('temporal', async () => {
          const { connection } = await parts.temporal.connection()
          await connection.workflowService.getSystemInfo({})
        }),
        check('worker', () => findPoller(parts)),
      ])
      return { ready: checks.every((one) => one.ok), checks }
    },
  }
}

async function findPoller({ temporal, taskQueue }: StatusParts): Promise<void> {
  const { connection, namespace } = await temporal.connection()
  const { pollers } = await connection.workflowService.describeTaskQueue({
    namespace,
    taskQueue: { name: taskQueue },
    taskQueueType: WORKFLOW_QUEUE,
  })
  // The server remembers pollers for minutes after their death; a living one comes back every minute.
  const since = Date.now() / 1000 - POLL_SECONDS
  const polls = pollers.some(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) > since)
  if (!polls) throw new Error(`No Worker polls the Task Queue '${taskQueue}'.`)
}

type Check = Readiness['checks'][number]

async function check(name: Check['name'], ask: () => Promise<unknown>): Promise<Check> {
  const late = delay(CHECK_LIMIT_MS, undefined, { ref: false }).then(() => {
    throw new Error(`No answer within ${CHECK_LIMIT_MS} ms.`)
  })
  try {
    await Promise.race([ask(), late])
    return { name, ok: true }
  } catch (error) {
    return { name, ok: false, reason: error instanceof Error ? error.message : String(error) }
  }
}
