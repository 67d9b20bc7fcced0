import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { outsideModels } from '../activities/outside-models.ts'
import { NotFoundError } from '../agent/errors.ts'
import type { Ports } from '../agent/ports.ts'
import { withRetry } from '../database/failures.ts'
import type { OpenDatabase } from '../database/open.ts'
import { findAgent } from '../memory/agents.ts'
import { applyRecords } from '../memory/records/apply.ts'
import type { RunningPluginHost } from '../plugins/host/plugin-host.ts'
import type { SocketGateway } from '../plugins/host/socket-services.ts'
import { createHostServices, type HostServices } from '../plugins/host-services/host-services.ts'
import type { Config } from '../schema/config.ts'
import { runEmbedQueue } from '../tasks/embed-queue.ts'
import { createEmbeddingJobs } from '../tasks/embedding-jobs.ts'
import { createGatewayLeases } from '../tasks/gateway-lease.ts'
import { createGateways } from '../tasks/gateways.ts'
import { createReconciler } from '../tasks/reconcile.ts'
import { createTaskRuns } from '../tasks/runs.ts'
import { createScheduleRows } from '../tasks/schedule-rows.ts'
import type { TaskPorts } from '../tasks/task-ports.ts'
import { findTask } from '../tasks/tasks.ts'
import { createSocketGateway } from './task-gateway.ts'
import { lazyTaskSchedules } from './task-schedules.ts'
import type { TemporalLink } from './temporal-link.ts'

export interface TaskHouseInput {
  readonly db: OpenDatabase['db']
  readonly config: Pick<
    Config,
    'taskQueue' | 'workflowTaskTimeoutMs' | 'heartbeatTimeoutMs' | 'heartbeatThrottleMs' | 'drainMs'
  >
  readonly temporal: Pick<TemporalLink, 'connection'>
  /** As they are when somebody asks: they are made of what is made here. */
  ports(): Ports
  plugins(): Pick<RunningPluginHost, 'worker' | 'opened'>
}

/** Everything that tasks, embeddings that were asked for and sockets of one process stand on. */
export interface TaskHouse {
  /** For `Ports.tasks`. */
  readonly tasks: TaskPorts
  /** For `PluginHostInput.hostService`. */
  readonly hostService: HostServices
  /** For `PluginHostInput.onTasksChanged`. */
  changed(): void
  /** @throws {NotFoundError} the agent has no such task, or it does not run by itself */
  runNow(agentId: string, taskId: string): Promise<void>
  /** For `PluginHostInput.gateway`, in processes with a Worker; elsewhere `NO_SOCKETS`. */
  readonly sockets: SocketGateway
  /** In processes with a Worker, until `signal` is aborted. */
  run(
    signal: AbortSignal,
    options?: { readonly startsWithAll?: boolean; readonly intervalMs?: number },
  ): Promise<void>
}

export function createTaskHouse(input: TaskHouseInput): TaskHouse {
  const { db } = input
  const log = (message: string, error?: unknown) =>
    input.ports().log.warn(undefined, message, error)
  const schedules = lazyTaskSchedules(input.temporal, input.config)
  const jobs = createEmbeddingJobs(db)
  let nudge = () => {}
  const runNow = async (agentId: string, taskId: string) => {
    const found = await findTask(db, agentId, taskId)
    if (!found?.plan) throw new NotFoundError('task', taskId)
    await schedules.runNow({ taskId, agentId, plan: found.plan })
  }
  const changed = () => nudge()
  const gateways = createGateways({
    leases: createGatewayLeases(db),
    holder: `${hostname()}/${process.pid}/${randomUUID()}`,
    log,
  })
  return {
    ...{ changed, runNow, tasks: taskPorts(input) },
    sockets: createSocketGateway({ ...input, gateways }),
    hostService: createHostServices({
      tasksChanged: changed,
      runTask: runNow,
      queueEmbedding: (agentId, memoryId, priority) => jobs.put(agentId, memoryId, priority),
      clearEmbeddings: (agentId) => jobs.clear(agentId),
    }),
    async run(signal, settings) {
      const rows = createScheduleRows(db)
      const reconciler = createReconciler({ rows, schedules, log }, settings)
      nudge = reconciler.nudge
      const embeddings = { jobs, log, ...embeddingPorts(input, signal) }
      await Promise.all([
        reconciler.run(signal),
        runEmbedQueue(embeddings, signal),
        gateways.run(signal),
      ])
    },
  }
}

function taskPorts({ db, plugins }: TaskHouseInput): TaskPorts {
  const runs = createTaskRuns(db, applyRecords)
  return {
    runs: {
      ...runs,
      claim: (fire, attempt) => withRetry(() => runs.claim(fire, attempt)),
      finish: (fire, attempt, end) => withRetry(() => runs.finish(fire, attempt, end)),
    },
    // The agent has been loaded by then, and its plugins with it.
    workers: { find: async ({ id }, name) => plugins().worker(id, name) },
  }
}

function embeddingPorts({ db, ports, plugins }: TaskHouseInput, signal: AbortSignal) {
  const agentOf = async (agentId: string) => {
    const row = await findAgent(db, agentId)
    if (!row) throw new NotFoundError('agent', agentId)
    return ports().agents.get(agentId, row.updated_at.getTime())
  }
  return {
    async embed(agentId: string, texts: readonly string[]) {
      const agent = await agentOf(agentId)
      return outsideModels(ports(), () => agent, signal).models.embed(texts)
    },
    commit: (agentId: string, writes: Parameters<Ports['records']['commit']>[1]) =>
      withRetry(() => ports().records.commit(agentId, writes)),
    async emit(agentId: string, event: string, payload: Record<string, unknown>) {
      const runtime = plugins().opened(agentId)?.runtime
      await runtime?.emitEvent(event, { ...payload, runtime })
    },
  }
}
