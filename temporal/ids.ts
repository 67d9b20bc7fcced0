import type { TurnRef } from '../schema/turn.ts'

/** One generation of a turn has one Workflow Id, however often it is started. */
export const turnWorkflowId = ({ turnId, gen }: TurnRef): string => `turn:${turnId}:${gen}`

/** A room is delivered by one Workflow at a time. */
export const deliveryWorkflowId = (roomId: string): string => `delivery:${roomId}`

/** The Schedule of a task that repeats; the Workflows that it starts have its id and their time. */
export const taskScheduleId = (taskId: string): string => `task:${taskId}`

/** A task at one time: it has one Workflow Id, however often it is started. */
export const taskRunWorkflowId = (taskId: string, at: number): string => `task:${taskId}:${at}`

/** Where the process listens that holds the sockets of an agent's services. */
export const gatewayTaskQueue = (agentId: string): string => `gateway:${agentId}`

/** Link to the turn in Temporal's Web UI. */
export function turnUiUrl(uiUrl: string, namespace: string, turn: TurnRef): string {
  const id = encodeURIComponent(turnWorkflowId(turn))
  return `${uiUrl.replace(/\/$/, '')}/namespaces/${encodeURIComponent(namespace)}/workflows/${id}`
}
