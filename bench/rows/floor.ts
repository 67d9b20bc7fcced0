import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { Client } from '@temporalio/client'
import { NativeConnection, Worker } from '@temporalio/worker'
import { startTestTemporal } from '../../test/support/temporal.ts'
import { type Figure, percentile, round } from '../figures.ts'
import { floorActivities } from '../floor/activities.ts'

const TASK_QUEUE = 'floor'
const WARM_UP = 30

/**
 * What Temporal alone costs here and now: a Workflow of a turn's shape whose steps do nothing, on the
 * same dev server settings. The reply of a turn cannot be faster; compare the two within one run.
 */
export async function measureFloor(turns: number): Promise<Figure[]> {
  const temporal = await startTestTemporal()
  const connection = await NativeConnection.connect({
    address: temporal.address,
    grpcCompression: { codec: 'none' },
  })
  const worker = await Worker.create({
    connection,
    taskQueue: TASK_QUEUE,
    workflowsPath: fileURLToPath(new URL('../floor/workflows.ts', import.meta.url)),
    activities: floorActivities,
  })
  const client = new Client({ connection })
  try {
    const times = await worker.runUntil(() => runOneByOne(client, turns))
    const p50 = round(percentile(times, 0.5), 1)
    return [
      {
        what: 'floor: a Workflow of the same shape whose steps do nothing',
        budget: '(26–41 ms where the budgets were set)',
        measured: `p50 ${p50} ms`,
        numbers: { p50 },
      },
    ]
  } finally {
    await connection.close()
    await temporal.stop()
  }
}

async function runOneByOne(client: Client, turns: number): Promise<number[]> {
  const times: number[] = []
  for (let n = 0; n < turns + WARM_UP; n += 1) {
    const began = performance.now()
    const handle = await client.workflow.start('floorWorkflow', {
      workflowId: randomUUID(),
      taskQueue: TASK_QUEUE,
      requestEagerStart: true,
    })
    await handle.result()
    if (n >= WARM_UP) times.push(performance.now() - began)
  }
  return times
}
