import { type Client, isGrpcServiceError, WorkflowNotFoundError } from '@temporalio/client'
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js'
import type { JsonObject } from '../schema/json.ts'
import type { TurnRef } from '../schema/turn.ts'
import { turnWorkflowId } from './ids.ts'

/** How a generation's Workflow stands, as Temporal knows it. */
export type WorkflowStanding = 'running' | 'closed' | 'not-found'

/** What the sweeper and the API ask of Temporal about turns. By Workflow Id, never by listing. */
export function createTurnWorkflows(client: Client) {
  const handleOf = (turn: TurnRef) => client.workflow.getHandle(turnWorkflowId(turn))
  return {
    async standing(turn: TurnRef): Promise<WorkflowStanding> {
      const found = await unlessNotFound(() => handleOf(turn).describe())
      if (!found) return 'not-found'
      return found.status.name === 'RUNNING' ? 'running' : 'closed'
    },
    async cancel(turn: TurnRef): Promise<void> {
      await unlessNotFound(() => handleOf(turn).cancel())
    },
    async terminate(turn: TurnRef): Promise<void> {
      await unlessNotFound(() => handleOf(turn).terminate('deadline_exceeded'))
    },
    /** As proto3 JSON, the form that `temporal workflow show` exports and the replayer reads. */
    async history(turn: TurnRef): Promise<JsonObject | undefined> {
      const history = await unlessNotFound(() => handleOf(turn).fetchHistory())
      // Parsed back from its own text: an API answers with it, the replayer takes it.
      return history && (JSON.parse(historyToJSON(history)) as JsonObject)
    },
  }
}

export type TurnWorkflows = ReturnType<typeof createTurnWorkflows>

const GRPC_NOT_FOUND = 5

async function unlessNotFound<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask()
  } catch (error) {
    // `fetchHistory` lets the bare gRPC error through.
    const isUnknown = isGrpcServiceError(error) && error.code === GRPC_NOT_FOUND
    if (isUnknown || error instanceof WorkflowNotFoundError) return undefined
    throw error
  }
}
