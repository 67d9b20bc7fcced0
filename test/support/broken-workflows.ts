import { proxyLocalActivities } from '@temporalio/workflow'
import type { Activities } from '../../activities/index.ts'
import type { TurnInput, TurnOutcome } from '../../schema/turn.ts'
import { turnWorkflow as realTurnWorkflow } from '../../workflows/turn.ts'

export { deliveryWorkflow } from '../../workflows/delivery.ts'

/** Of the agent whose Workflow code has a defect. */
const BROKEN_AGENT = '00000000-0000-4000-8000-00000000b0b0'

/** The real one, but for one agent: every task behind its admission fails, and Temporal repeats it for ever. */
export async function turnWorkflow(turn: TurnInput): Promise<TurnOutcome> {
  if (turn.agentId !== BROKEN_AGENT) return realTurnWorkflow(turn)
  await proxyLocalActivities<Activities>({ startToCloseTimeout: '3s' }).admit(turn)
  throw new TypeError('A defect of this build.')
}
