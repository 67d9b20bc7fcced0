import { type Client, isGrpcServiceError, WorkflowNotFoundError } from '@temporalio/client'
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js'
import type { JsonObject } from '../schema/json.ts'
import type { TurnRef } from '../schema/turn.ts'
import { turnWorkflowId } from './ids.ts'
import { isStranded } from './stranded.ts'

/**
 * How a generation's Workflow stands, as Temporal knows it. `stranded`: pinned to a build that has no
 * Worker any more, while the current one has.
 */
export type WorkflowStanding = 'running' | 'stranded' | 'closed' | 'not-found'

/** What the sweeper and the API ask of Temporal about turns. By Workflow Id, never by listing. */
export function createTurnWorkflows(client: Client) {
  const handleOf = (turn: TurnRef) => client.workflow.getHandle(turnWorkflowId(turn))
  return {
    /** Asks for a Workflow that does not exist: the answer comes from behind the frontend. Rejects when there is none. */
    async probe(limitMs: number): Promise<void> {
      const handle = client.workflow.getHandle(PROBE_ID)
      await client.withDeadline(Date.now() + limitMs, () => unlessNotFound(() => handle.describe()))
    },
    async standing(turn: TurnRef): Promise<WorkflowStanding> {
      const found = await unlessNotFound(() => handleOf(turn).describe())
      if (!found) return 'not-found'
      if (found.status.name !== 'RUNNING') return 'closed'
      return (await isStranded(client, found)) ? 'stranded' : 'running'
    },
    async cancel(turn: TurnRef): Promise<void> {
      await unlessNotFound(() => handleOf(turn).cancel())
    },
    /** Says that a message waits for the turn. */
    async steer(turn: TurnRef): Promise<void> {
      await unlessNotFound(() => handleOf(turn).signal(STEER_SIGNAL))
    },
    async terminate(turn: TurnRef, reason = 'deadline_exceeded'): Promise<void> {
      await unlessNotFound(() => handleOf(turn).terminate(reason))
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

/** `steerSignal` in workflows/messages.ts, whose values only Workflows may import. */
const STEER_SIGNAL = 'steer'

/** No Workflow is ever started under it. */
const PROBE_ID = 'turnkeeper:probe'

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
