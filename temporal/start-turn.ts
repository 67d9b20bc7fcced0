import { type Client, WorkflowExecutionAlreadyStartedError } from '@temporalio/client'
import { TypedSearchAttributes } from '@temporalio/common'
import type { HeadTurn } from '../schema/turn.ts'
import type { turnWorkflow } from '../workflows/turn.ts'
import { AGENT_ID, ROOM_ID } from './connection.ts'
import { turnWorkflowId } from './ids.ts'

export interface StartSettings {
  readonly taskQueue: string
  readonly workflowTaskTimeoutMs: number
  readonly heartbeatTimeoutMs: number
  readonly hasSearchAttributes: boolean
  /** This process holds a Worker of the task queue: the first Workflow Task rides on the answer. */
  readonly isEager: boolean
  /**
   * Whether this process's build is the current one: an eager start stays on the starter's build, and
   * a busy room would never leave an old one. @default always
   */
  readonly isCurrent?: () => boolean
}

/** Every 32nd start goes through the task queue, so that a hot room moves between Workers. */
const NOT_EAGER_EVERY = 32

/** `closed`: that generation ran and ended; only another one can run. */
export type StartOutcome = 'started' | 'closed'

/**
 * Starts a turn's Workflow. Starting twice is harmless: a running one is joined, an ended one is not
 * run again.
 */
export function createStartTurn(client: Client, settings: StartSettings) {
  const { isEager, isCurrent = () => true } = settings
  let starts = 0
  return async function startTurn(turn: HeadTurn): Promise<StartOutcome> {
    starts += 1
    const { turnId, gen, agentId, roomId, deadlineAt } = turn
    const input = { turnId, gen, agentId, roomId, deadlineAt }
    try {
      await client.workflow.start<typeof turnWorkflow>('turnWorkflow', {
        workflowId: turnWorkflowId(turn),
        taskQueue: settings.taskQueue,
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        workflowIdConflictPolicy: 'USE_EXISTING',
        workflowTaskTimeout: settings.workflowTaskTimeoutMs,
        requestEagerStart: isEager && starts % NOT_EAGER_EVERY !== 0 && isCurrent(),
        staticSummary: `Turn ${turnId} of agent ${agentId}`,
        typedSearchAttributes: settings.hasSearchAttributes ? attributes(turn) : undefined,
        args: [{ ...input, heartbeatTimeoutMs: settings.heartbeatTimeoutMs }],
      })
      return 'started'
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) return 'closed'
      throw error
    }
  }
}

const attributes = ({ agentId, roomId }: HeadTurn) =>
  new TypedSearchAttributes([
    { key: AGENT_ID, value: agentId },
    { key: ROOM_ID, value: roomId },
  ])
