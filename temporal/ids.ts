import type { TurnRef } from '../schema/turn.ts'

/** One generation of a turn has one Workflow Id, however often it is started. */
export const turnWorkflowId = ({ turnId, gen }: TurnRef): string => `turn:${turnId}:${gen}`

/** A room is delivered by one Workflow at a time. */
export const deliveryWorkflowId = (roomId: string): string => `delivery:${roomId}`

/** Link to the turn in Temporal's Web UI. */
export function turnUiUrl(uiUrl: string, namespace: string, turn: TurnRef): string {
  const id = encodeURIComponent(turnWorkflowId(turn))
  return `${uiUrl.replace(/\/$/, '')}/namespaces/${encodeURIComponent(namespace)}/workflows/${id}`
}
