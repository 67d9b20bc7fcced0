import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { HeadTurn } from '../../schema/turn.ts'
import { connectTemporal, type TemporalConnection } from '../../temporal/connection.ts'
import { turnWorkflowId } from '../../temporal/ids.ts'
import { createStartTurn, type StartSettings } from '../../temporal/start-turn.ts'
import { createTurnWorkflows } from '../../temporal/turn-workflows.ts'
import { bundleWorkflows, createAgentWorker } from '../../workers/agent-worker.ts'
import '../support/quiet-runtime.ts'
import { replayHistory } from '../../workers/replay.ts'
import { fakePorts } from '../support/fake-ports.ts'
import { scriptedVendor } from '../support/scripted-vendor.ts'
import { startTestTemporal, type TestTemporal } from '../support/temporal.ts'

let server: TestTemporal
let link: TemporalConnection

beforeAll(async () => {
  server = await startTestTemporal()
  link = await connectTemporal({ env: {}, address: server.address })
})

afterAll(async () => {
  await link.connection.close()
  await server.stop()
})

const head = (): HeadTurn => ({
  turnId: randomUUID(),
  gen: 1,
  agentId: randomUUID(),
  roomId: randomUUID(),
  deadlineAt: Date.now() + 60_000,
})

const starter = (more: Partial<StartSettings> = {}, { client } = link) =>
  createStartTurn(client, {
    taskQueue: `nobody-${randomUUID()}`,
    workflowTaskTimeoutMs: 5_000,
    heartbeatTimeoutMs: 3_000,
    hasSearchAttributes: link.hasSearchAttributes,
    isEager: false,
    ...more,
  })

const describeTurn = (turn: HeadTurn) =>
  link.client.workflow.getHandle(turnWorkflowId(turn)).describe()

describe('starting a turn', () => {
  it('twice joins the Workflow that runs', async () => {
    const turn = head()
    const start = starter()
    expect(await Promise.all([start(turn), start(turn), start(turn)])).toEqual(
      Array(3).fill('started'),
    )
    const { runId, taskQueue } = await describeTurn(turn)
    expect(await start(turn)).toBe('started')
    expect(await describeTurn(turn)).toMatchObject({ runId, taskQueue })
  })

  it('of which the generation has ended says so and runs nothing', async () => {
    const turn = head()
    const start = starter()
    await start(turn)
    const { runId } = await describeTurn(turn)
    await createTurnWorkflows(link.client).terminate(turn)
    expect(await start(turn)).toBe('closed')
    expect((await describeTurn(turn)).runId).toBe(runId)
    expect(await start({ ...turn, gen: 2 })).toBe('started')
  })

  it('can be found by agent and room where the server knows the attributes', async () => {
    expect(link.hasSearchAttributes).toBe(true)
    const turn = head()
    await starter()(turn)
    const { typedSearchAttributes } = await describeTurn(turn)
    const found = typedSearchAttributes.getAll().map(({ key, value }) => [key.name, value])
    expect(Object.fromEntries(found)).toEqual({ AgentId: turn.agentId, RoomId: turn.roomId })
  })

  it('does without the attributes where the server has none', async () => {
    const turn = head()
    await starter({ hasSearchAttributes: false })(turn)
    expect((await describeTurn(turn)).typedSearchAttributes.getAll()).toEqual([])
  })

  it('passes ids and times only, and the time-out of its first task', async () => {
    const turn = head()
    await starter({ workflowTaskTimeoutMs: 4_000 })({ ...turn, ...{ text: 'hello' } })
    const { raw } = await describeTurn(turn)
    const history = await link.client.workflow.getHandle(turnWorkflowId(turn)).fetchHistory()
    const started = history.events?.[0]?.workflowExecutionStartedEventAttributes
    const input = Buffer.from(started?.input?.payloads?.[0]?.data ?? []).toString()
    expect(JSON.parse(input)).toEqual({ ...turn, heartbeatTimeoutMs: 3_000 })
    expect(Number(raw.executionConfig?.defaultWorkflowTaskTimeout?.seconds)).toBe(4)
  })

  it('rides on the answer in a process with a Worker, and every 32nd time goes through the queue', async () => {
    const taskQueue = `turns-${randomUUID()}`
    const ports = fakePorts({ vendor: scriptedVendor() })
    const worker = await createAgentWorker(ports, {
      connection: link.connection,
      namespace: link.namespace,
      taskQueue,
      heartbeatThrottleMs: 100,
      drainMs: 1,
      workflowBundle: await bundleWorkflows(),
    })
    const start = starter({ taskQueue, isEager: true })
    const [first, ...turns] = Array.from({ length: 4 }, () =>
      ports.accept('hello', { participation: 'MUTED' }),
    )
    await worker.runUntil(async () => {
      // Joining a turn counts as a start, and costs least.
      for (let starts = 1; starts <= 30; starts += 1) await start(first ?? head())
      // One after the other, so that a slot is free for each.
      for (const turn of turns) {
        await start(turn)
        await link.client.workflow.getHandle(turnWorkflowId(turn)).result()
      }
    })
    expect(await Promise.all(turns.map(wasEager))).toEqual([true, false, true])
  })
})

describe('starting a turn in a process whose build is not the current one', () => {
  it('goes through the queue, because it would stay on this build', async () => {
    const taskQueue = `turns-${randomUUID()}`
    const ports = fakePorts({ vendor: scriptedVendor() })
    const worker = await createAgentWorker(ports, {
      connection: link.connection,
      namespace: link.namespace,
      taskQueue,
      heartbeatThrottleMs: 100,
      drainMs: 1,
      workflowBundle: await bundleWorkflows(),
    })
    let isCurrent = true
    const start = starter({ taskQueue, isEager: true, isCurrent: () => isCurrent })
    const turns = [true, false, true].map((current) => ({
      current,
      turn: ports.accept('hello', { participation: 'MUTED' }),
    }))
    await worker.runUntil(async () => {
      for (const { turn, current } of turns) {
        isCurrent = current
        await start(turn)
        await link.client.workflow.getHandle(turnWorkflowId(turn)).result()
      }
    })
    expect(await Promise.all(turns.map(({ turn }) => wasEager(turn)))).toEqual([true, false, true])
  })
})

async function wasEager(turn: HeadTurn): Promise<boolean> {
  const { events } = await link.client.workflow.getHandle(turnWorkflowId(turn)).fetchHistory()
  return events?.[0]?.workflowExecutionStartedEventAttributes?.eagerExecutionAccepted === true
}

describe('a namespace without our search attributes', () => {
  it('is recognised', async () => {
    const namespace = `bare-${randomUUID()}`
    await link.connection.workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: { seconds: 86_400 as never },
    })
    const bare = await connectTemporal({
      env: { TEMPORAL_NAMESPACE: namespace },
      address: server.address,
    })
    try {
      expect(bare.namespace).toBe(namespace)
      expect(bare.hasSearchAttributes).toBe(false)
    } finally {
      await bare.connection.close()
    }
  })
})

describe('what is asked of Temporal about a turn', () => {
  it('tells a Workflow that runs from one that is closed and one that is unknown', async () => {
    const turn = head()
    const workflows = createTurnWorkflows(link.client)
    expect(await workflows.standing(turn)).toBe('not-found')
    await starter()(turn)
    expect(await workflows.standing(turn)).toBe('running')
    expect(await workflows.standing({ ...turn, gen: 2 })).toBe('not-found')
    await workflows.terminate(turn)
    expect(await workflows.standing(turn)).toBe('closed')
  })

  it('changes nothing when there is no such Workflow, or it is over', async () => {
    const workflows = createTurnWorkflows(link.client)
    const unknown = head()
    const over = head()
    await starter()(over)
    await workflows.terminate(over)
    for (const turn of [unknown, over]) {
      await expect(workflows.cancel(turn)).resolves.toBeUndefined()
      await expect(workflows.terminate(turn)).resolves.toBeUndefined()
    }
  })

  // Known: `fetchHistory` throws the bare gRPC error, which `unlessNotFound` does not recognise.
  it('has no history to give of a Workflow that is unknown', async () => {
    expect(await createTurnWorkflows(link.client).history(head())).toBeUndefined()
  })

  it('notes a cancellation in the history, which can be replayed', async () => {
    const turn = head()
    const workflows = createTurnWorkflows(link.client)
    await starter()(turn)
    await workflows.cancel(turn)
    const history = await workflows.history(turn)
    expect(JSON.stringify(history)).toContain('WORKFLOW_EXECUTION_CANCEL_REQUESTED')
    expect(await replayHistory(history ?? {}, turnWorkflowId(turn))).toEqual({
      deterministic: true,
    })
  })
})
