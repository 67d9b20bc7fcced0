import { ReplayError, Worker } from '@temporalio/worker'
import { DeterminismViolationError } from '@temporalio/workflow'
import type { JsonObject } from '../schema/json.ts'
import { bundleWorkflows } from './agent-worker.ts'

export type ReplayVerdict =
  | { readonly deterministic: true }
  | { readonly deterministic: false; readonly reason: string }

/** Runs a recorded history through today's Workflow code: would it go the same way? */
export async function replayHistory(
  history: JsonObject,
  workflowId: string,
): Promise<ReplayVerdict> {
  const workflowBundle = await bundleWorkflows()
  const results = Worker.runReplayHistories({ workflowBundle }, [{ workflowId, history }])
  for await (const { error } of results) {
    if (!error) continue
    if (isDivergence(error)) return { deterministic: false, reason: error.message }
    throw error
  }
  return { deterministic: true }
}

const isDivergence = (error: Error) =>
  error instanceof DeterminismViolationError || error instanceof ReplayError
