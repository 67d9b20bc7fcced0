import { ActivityFailure, log, proxyActivities } from '@temporalio/workflow'
import type { Activities } from '../activities/index.ts'
import type { DeliveryInput } from '../schema/turn.ts'
import { DELIVER_LIMIT_MS, worldStep } from './activity-options.ts'

/**
 * Sends what waits in a room's outbox when the turns that wrote it do not: an apology of the sweeper, or
 * rows whose `deliver` ran out of time. When it fails the rows are where they were, and the sweeper
 * starts the next one.
 */
export async function deliveryWorkflow(room: DeliveryInput): Promise<void> {
  const { heartbeatTimeoutMs } = room
  const limits = { timeLeftMs: DELIVER_LIMIT_MS, heartbeatTimeoutMs }
  const { deliverRoom } = proxyActivities<Activities>(worldStep('Send to the platform', limits))
  try {
    await deliverRoom(room)
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error
    log.warn('The room could not be delivered now.', { roomId: room.roomId })
  }
}
