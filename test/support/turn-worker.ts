import { randomUUID } from 'node:crypto'
import { Client, type WorkflowHandle } from '@temporalio/client'
import type { WorkerDeploymentVersion } from '@temporalio/common'
import type { temporal } from '@temporalio/proto'
import { TestWorkflowEnvironment } from '@temporalio/testing'
import type { Ports } from '../../agent/ports.ts'
import type { TurnInput, TurnOutcome } from '../../schema/turn.ts'
import { turnWorkflowId } from '../../temporal/ids.ts'
import { createStartTurn } from '../../temporal/start-turn.ts'
import { bundleWorkflows, createAgentWorker } from '../../workers/agent-worker.ts'
import { type FakePorts, type FakePortsOptions, fakePorts } from './fake-ports.ts'
import './quiet-runtime.ts'
import { startTestTemporal, timeSkippingServerPath } from './temporal.ts'

export type HistoryEvent = temporal.api.history.v1.IHistoryEvent
type TurnHandle = WorkflowHandle<() => Promise<TurnOutcome>>

/** One Temporal server for a test file; each test has a Worker on a task queue of its own. */
export interface TurnBench {
  readonly env: TestWorkflowEnvironment
  readonly client: Client
  /** Ports that know the server's time. */
  ports(options: FakePortsOptions): Promise<FakePorts>
  /** Starts a turn on a task queue that may have no Worker yet. */
  start(turn: TurnInput, taskQueue: string): Promise<StartedTurn>
  /** Runs `use` beside a Worker that takes its activities from `ports`; on a new queue by default. */
  withWorker<T>(
    ports: Ports,
    use: (worker: TurnWorker) => Promise<T>,
    taskQueue?: string,
    version?: WorkerDeploymentVersion,
  ): Promise<T>
  /** Runs one turn to its end. */
  run(ports: Ports, turn: TurnInput): Promise<EndedTurn>
  stop(): Promise<void>
}

export interface TurnWorker {
  start(turn: TurnInput): Promise<StartedTurn>
}

export interface StartedTurn {
  readonly handle: TurnHandle
  /** Waits for the end; a time-skipping server jumps over what is waited for. */
  ended(): Promise<EndedTurn>
  /** The same while a step hangs: an activity that runs stops the clock, so it is told to jump. */
  endedAfter(jumpMs: number): Promise<EndedTurn>
}

export interface EndedTurn {
  readonly outcome: TurnOutcome
  readonly events: readonly HistoryEvent[]
}

/** On the server whose clock jumps; x86-64 Linux only. */
export async function timeSkippingBench(): Promise<TurnBench> {
  const path = await timeSkippingServerPath()
  const server = { executable: { type: 'existing-path' as const, path } }
  const env = await TestWorkflowEnvironment.createTimeSkipping({ server })
  return createBench({ env, client: env.client, isEager: false }, () => env.teardown())
}

/** On a dev server, started as the program starts it, with eager starts as in one process. */
export async function devServerBench(): Promise<TurnBench> {
  const server = await startTestTemporal()
  const { address } = server
  const env = await TestWorkflowEnvironment.createFromExistingServer({ address })
  const client = new Client({ connection: env.nativeConnection })
  return createBench({ env, client, isEager: true }, async () => {
    await env.teardown()
    await server.stop()
  })
}

interface BenchParts {
  readonly env: TestWorkflowEnvironment
  readonly client: Client
  readonly isEager: boolean
}

async function createBench(parts: BenchParts, stop: () => Promise<void>): Promise<TurnBench> {
  const { env, client } = parts
  const workflowBundle = await bundleWorkflows()
  const withWorker: TurnBench['withWorker'] = async (
    ports,
    use,
    taskQueue = `turns-${randomUUID()}`,
    version,
  ) => {
    const worker = await createAgentWorker(ports, {
      connection: env.nativeConnection,
      namespace: env.namespace ?? 'default',
      taskQueue,
      heartbeatThrottleMs: 100, // a cancellation is heard soon
      drainMs: 1,
      workflowBundle,
      version,
    })
    return worker.runUntil(use({ start: (turn) => start(parts, turn, taskQueue) }))
  }
  const run: TurnBench['run'] = (ports, turn) =>
    withWorker(ports, async (worker) => (await worker.start(turn)).ended())
  return {
    env,
    client,
    stop,
    ports: (options) => portsOf(env, options),
    withWorker,
    run,
    start: (turn, taskQueue) => start(parts, turn, taskQueue),
  }
}

async function portsOf(env: TestWorkflowEnvironment, options: FakePortsOptions) {
  const aheadMs = (await env.currentTimeMs()) - Date.now()
  return fakePorts({ now: () => Date.now() + aheadMs, ...options })
}

async function start(
  { env, client, isEager }: BenchParts,
  turn: TurnInput,
  taskQueue: string,
): Promise<StartedTurn> {
  const startTurn = createStartTurn(client, {
    taskQueue,
    workflowTaskTimeoutMs: 5_000,
    heartbeatTimeoutMs: turn.heartbeatTimeoutMs,
    hasSearchAttributes: false,
    isEager,
  })
  await startTurn(turn)
  const handle: TurnHandle = client.workflow.getHandle(turnWorkflowId(turn))
  const ended = async () => {
    const outcome = await handle.result()
    return { outcome, events: (await handle.fetchHistory()).events ?? [] }
  }
  const endedAfter = async (jumpMs: number) => {
    const ending = ended()
    await env.sleep(jumpMs)
    return ending
  }
  return { handle, ended, endedAfter }
}
