import {
  ApplicationFailure,
  isCancellation,
  proxyActivities,
  proxyLocalActivities,
} from '@temporalio/workflow'
import type { Activities } from '../activities/index.ts'
import type { TurnInput } from '../schema/turn.ts'
import {
  attendLimitMs,
  DELIVER_LIMIT_MS,
  EVALUATE_LIMIT_MS,
  localStep,
  MIN_STEP_MS,
  SETTLE_GRACE_MS,
  twinStep,
  worldStep,
} from './activity-options.ts'
import { reasonOf } from './step-failure.ts'

/** The steps of one turn, under their names in docs/turns.md. */
export function stepsOf(turn: TurnInput) {
  // The Workflow's clock is the history's: the same number at every replay.
  const timeLeftMs = () => Math.max(MIN_STEP_MS, turn.deadlineAt - Date.now())
  const world = (summary: string, limitMs = timeLeftMs()) =>
    proxyActivities<Activities>(
      worldStep(summary, { timeLeftMs: limitMs, heartbeatTimeoutMs: turn.heartbeatTimeoutMs }),
    )
  // While no process holds the agent's sockets the step waits, as any would without a worker.
  const gateway = (summary: string) =>
    proxyActivities<Activities>({
      ...worldStep(summary, {
        timeLeftMs: timeLeftMs(),
        heartbeatTimeoutMs: turn.heartbeatTimeoutMs,
      }),
      taskQueue: gatewayTaskQueue(turn.agentId),
    })
  const local = <Result>(
    summary: string,
    call: (activities: Activities) => Promise<Result>,
    graceMs = 0,
  ) => {
    const twin = () => call(proxyActivities<Activities>(twinStep(summary, timeLeftMs() + graceMs)))
    return withTwin(call(proxyLocalActivities<Activities>(localStep(summary))), twin)
  }

  return {
    admit: () => local('Take the turn', (a) => a.admit(turn)),
    shouldRespond: () => local('Answer at all? The rules', (a) => a.shouldRespond(turn)),
    shouldRespondModel: () => world('Answer at all? Ask the model').shouldRespondModel(turn),
    attend: (round: number) =>
      world('Look at the attachments', attendLimitMs(timeLeftMs())).attend(turn, round),
    composeState: (round: number, hasForeignProviders: boolean) =>
      hasForeignProviders
        ? world('Compose the prompt').composeState(turn, round)
        : local('Compose the prompt', (a) => a.composeState(turn, round)),
    decide: (round: number) => world('Ask the model').decide(turn, round),
    steer: (round: number) => local('Take up what steers it', (a) => a.steer(turn, round)),
    runAction: (ordinal: number, action: string, needsGateway = false) =>
      (needsGateway ? gateway : world)(`Run ${action}`).runAction(turn, { ordinal, action }),
    park: (ordinal: number) =>
      local('Wait for an approval', (a) => a.park(turn, ordinal), SETTLE_GRACE_MS),
    settle: (ending: Parameters<Activities['settle']>[1]) =>
      local('Commit the outcome', (a) => a.settle(turn, ending), SETTLE_GRACE_MS),
    deliver: () => world('Send to the platform', DELIVER_LIMIT_MS).deliver(turn),
    evaluate: (evaluator: string) =>
      world(`Evaluate ${evaluator}`, EVALUATE_LIMIT_MS).evaluate(turn, evaluator),
  }
}

/** As in temporal/ids.ts, whose values Workflows may not import. */
const gatewayTaskQueue = (agentId: string) => `gateway:${agentId}`

/** A local step that could not finish within its tries goes on as a regular one, with back-off. */
async function withTwin<Result>(
  local: Promise<Result>,
  twin: () => Promise<Result>,
): Promise<Result> {
  try {
    return await local
  } catch (error) {
    if (isCancellation(error) || !isTransient(reasonOf(error))) throw error
    return twin()
  }
}

/** A time-out, or a failure that another attempt could mend. */
const isTransient = (reason: unknown) =>
  reason !== undefined && !(reason instanceof ApplicationFailure && reason.nonRetryable === true)
