import type { Agent } from '../../agent/agent.ts'
import type { WorkContext } from '../../agent/context.ts'
import type { TaskRecord } from '../../agent/records.ts'
import type { JsonObject } from '../../schema/json.ts'
import type { ElizaTask, ElizaTaskWorker } from '../contract.ts'
import { PluginError } from '../plugin-error.ts'
import type { AdaptPorts } from './adapt-ports.ts'
import { elizaMemory, emptyState } from './eliza-shapes.ts'
import { turnScopeOf } from './turn-scope.ts'
import { UNKNOWN_OWNER } from './unknown-owner.ts'

/** A worker that a plugin registered, in its scope and within its time. */
export interface HostedWorker {
  /** One that throws or is late says no. */
  validate(context: WorkContext): Promise<boolean>
  /** @throws {PluginError} it failed or was late */
  execute(context: WorkContext, task: TaskRecord, options: JsonObject): Promise<void>
}

export interface WorkerPlace extends AdaptPorts {
  hasRuntime(): boolean
  ownerOf(member: object): string
}

export function workerOf(ports: WorkerPlace, name: string): HostedWorker | undefined {
  const worker = ports.hasRuntime() ? ports.runtime().taskWorkers.get(name) : undefined
  return worker && hostedWorker(ports, worker, ports.ownerOf(worker))
}

function hostedWorker(
  { isolation, agentId, runtime }: AdaptPorts,
  worker: ElizaTaskWorker,
  plugin: string,
): HostedWorker {
  const run = <T>(kind: 'task' | 'validate', context: WorkContext, work: () => T | Promise<T>) =>
    isolation.run(
      {
        ...{ plugin, kind, name: kind === 'task' ? worker.name : `of task ${worker.name}` },
        signal: context.signal,
        scope: (signal, member) =>
          turnScopeOf({ agentId, plugin, member, context: { ...context, signal } }),
      },
      work,
    )
  return {
    async validate(context) {
      if (typeof worker.validate !== 'function') return true
      try {
        const message = elizaMemory(context.message)
        const ask = () => worker.validate?.(runtime(), message, emptyState())
        return Boolean(await run('validate', context, ask))
      } catch {
        context.signal.throwIfAborted()
        return false // counted and logged by the isolation
      }
    },
    async execute(context, task, options) {
      const own = structuredClone(options)
      await run('task', context, () => worker.execute(runtime(), own, elizaTask(task)))
    },
  }
}

/** The agent, able to carry out tasks that wait for a choice, if its plugins registered workers. */
export function withTasks(ports: WorkerPlace, agent: Agent): Agent {
  if (!ports.hasRuntime() || ports.runtime().taskWorkers.size === 0) return agent
  return {
    ...agent,
    async runTask(context, task, options) {
      const worker = workerOf(ports, task.name)
      if (!worker) {
        const sentence = `No plugin of the agent has a worker for the task '${task.name}' any more.`
        throw new PluginError(UNKNOWN_OWNER, sentence)
      }
      await worker.execute(context, task, options)
    },
  }
}

function elizaTask({ createdAt: _, tags, ...task }: TaskRecord): ElizaTask {
  const { metadata, ...rest } = task
  return { ...rest, tags: [...tags], metadata: structuredClone(metadata) }
}
