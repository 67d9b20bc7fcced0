import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow'
import type { FloorActivities } from './activities.ts'

const local = proxyLocalActivities<FloorActivities>({ startToCloseTimeout: '3s' })
const regular = proxyActivities<FloorActivities>({ startToCloseTimeout: '30s' })

/** The shape of an ordinary turn, with steps that do nothing. */
export async function floorWorkflow(): Promise<void> {
  await local.nothing() // admit
  await local.nothing() // shouldRespond
  await local.nothing() // composeState
  await regular.nothing() // decide
  await local.nothing() // settle
}
