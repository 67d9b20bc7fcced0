import type { Client } from '@temporalio/client'
import { TypedSearchAttributes } from '@temporalio/common'
import type { DeliveryInput } from '../schema/turn.ts'
import type { deliveryWorkflow } from '../workflows/delivery.ts'
import { AGENT_ID, ROOM_ID } from './connection.ts'
import { deliveryWorkflowId } from './ids.ts'
import type { StartSettings } from './start-turn.ts'

type DeliverySettings = Pick<
  StartSettings,
  'taskQueue' | 'workflowTaskTimeoutMs' | 'heartbeatTimeoutMs' | 'hasSearchAttributes'
>

/** Starts the delivery of a room's outbox. One runs at a time; an ended one may run again. */
/** Above the 10 minutes of its only step. */
const EXECUTION_LIMIT = '11m'

export function createStartDelivery(client: Client, settings: DeliverySettings) {
  return async function startDelivery(room: Omit<DeliveryInput, 'heartbeatTimeoutMs'>) {
    const { roomId, agentId } = room
    await client.workflow.start<typeof deliveryWorkflow>('deliveryWorkflow', {
      workflowId: deliveryWorkflowId(roomId),
      taskQueue: settings.taskQueue,
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      workflowIdConflictPolicy: 'USE_EXISTING',
      workflowTaskTimeout: settings.workflowTaskTimeoutMs,
      // It may be pinned to a build that no Worker runs any more: the room must not wait for it.
      workflowExecutionTimeout: EXECUTION_LIMIT,
      staticSummary: `Delivery to the room ${roomId} of agent ${agentId}`,
      typedSearchAttributes: settings.hasSearchAttributes
        ? new TypedSearchAttributes([
            { key: AGENT_ID, value: agentId },
            { key: ROOM_ID, value: roomId },
          ])
        : undefined,
      args: [{ roomId, agentId, heartbeatTimeoutMs: settings.heartbeatTimeoutMs }],
    })
  }
}
