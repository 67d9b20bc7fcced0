import { setTimeout as delay } from 'node:timers/promises'
import { Client, Connection } from '@temporalio/client'
import type { Performance } from './perform.ts'
import type { Stage } from './stage.ts'
import { runningWorkflows, underWay } from './under-way.ts'

/** In which everything must end that was accepted. */
const SETTLE_MS = 60_000
/** Processes come up, servers recover, and clients get their answers. */
const MEND_MS = 60_000
const LOOK_MS = 250

/** Nothing fails any more. @returns what could not be mended or has not ended, in words */
export async function heal(stage: Stage, performance: Performance): Promise<string[]> {
  const late = (what: string) => (isDone: boolean) => (isDone ? [] : [what])
  const mended = await within(MEND_MS, performance.mended()).then(
    late('not all faults were mended'),
  )
  const up = await until(MEND_MS, stage, async () => stage.house.slots.every((slot) => slot.isUp()))
  const rest = stage.house.slots.filter((slot) => !slot.isUp()).map(({ name }) => name)
  stage.journal.note({ event: 'healed', up, rest })
  let left = 'nobody looked'
  const settled = await until(SETTLE_MS, stage, async () => {
    left = await underWay(stage.house.db)
    return left === ''
  })
  const running = settled ? await leftRunning(stage) : []
  const heard = await within(SETTLE_MS, performance.heard())
  return [
    ...running,
    ...performance.failures(),
    ...mended,
    ...late(`these processes did not come up: ${rest.join(', ')}`)(up),
    ...late(`after ${SETTLE_MS} ms there still is: ${left}`)(settled),
    ...late('not every message was taken or refused, or a stream has not ended')(heard),
  ]
}

/** A Workflow that outlives its turn and all that follows it was forgotten. */
async function leftRunning(stage: Stage): Promise<string[]> {
  const connection = await Connection.connect({ address: stage.house.temporal.address })
  let left = ['nobody knows which Workflow']
  await until(SETTLE_MS, stage, async () => {
    left = await runningWorkflows(stage.house.db, new Client({ connection }))
    return left.length === 0
  })
  await connection.close()
  return left.map((what) => `${what} is still running`)
}

async function within(ms: number, work: Promise<unknown>): Promise<boolean> {
  const late = delay(ms, false, { ref: false })
  return Promise.race([work.then(() => true), late])
}

async function until(ms: number, { signal }: Stage, look: () => Promise<boolean>) {
  const deadline = Date.now() + ms
  while (!signal.aborted && Date.now() < deadline) {
    if (await look().catch(() => false)) return true
    await delay(LOOK_MS)
  }
  return false
}
