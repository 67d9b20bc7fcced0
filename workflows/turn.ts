import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  isCancellation,
  log,
  TimeoutFailure,
} from '@temporalio/workflow'
import type { Ending, TurnInput, TurnOutcome } from '../schema/turn.ts'
import { reasonOf } from './step-failure.ts'
import { stepsOf } from './steps.ts'

type Steps = ReturnType<typeof stepsOf>

/** One inbound message, from its turn at the head of the room's queue to its outcome. */
export async function turnWorkflow(turn: TurnInput): Promise<TurnOutcome> {
  const steps = stepsOf(turn)
  const admission = await kept(steps.admit)
  if (admission.kind === 'refused') return { state: admission.state }

  const ending: Ending =
    admission.kind === 'expired'
      ? { kind: 'timed_out' }
      : await answer(steps, admission.foreignProviders)
  return kept(() => conclude(steps, ending))
}

/** A cancellation may interrupt the answer, never the bookkeeping around it. */
const kept = <Result>(work: () => Promise<Result>) => CancellationScope.nonCancellable(work)

/** What the person hears; how it went is for `settle` to write. */
async function answer(steps: Steps, hasForeignProviders: boolean): Promise<Ending> {
  try {
    let decision = await steps.shouldRespond()
    if (decision === 'ask') decision = await steps.shouldRespondModel()
    if (decision !== 'respond') return { kind: 'ignored' }

    await steps.composeState(hasForeignProviders)
    const { actions } = await steps.decide()
    for (const [ordinal, action] of actions.entries()) await steps.runAction(ordinal, action)
    return { kind: 'decided' }
  } catch (error) {
    return endingOf(error)
  }
}

/** One task schedules what follows: the reply waits for no evaluator, and no evaluator is lost. */
async function conclude(steps: Steps, ending: Ending): Promise<TurnOutcome> {
  const { state, hasOutbox, evaluators } = await steps.settle(ending)
  await Promise.all([
    hasOutbox ? attempted(steps.deliver()) : undefined,
    ...evaluators.map((evaluator) => attempted(steps.evaluate(evaluator))),
  ])
  return { state }
}

function endingOf(error: unknown): Ending {
  if (isCancellation(error)) return { kind: 'cancelled' }
  const reason = reasonOf(error)
  if (!reason) throw error // a defect of this Workflow: its task is retried
  if (reason instanceof TimeoutFailure) return { kind: 'timed_out' }
  return { kind: 'failed', code: codeOf(reason) }
}

/** The type is a code of a closed set, made by `toFailure`. */
const codeOf = (reason: unknown): string =>
  (reason instanceof ApplicationFailure ? reason.type : undefined) ?? 'internal'

/** What follows the outcome cannot change it: a failure is in the history and in the journal. */
async function attempted(work: Promise<unknown>): Promise<void> {
  try {
    await work
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error
    log.warn('A step after the outcome failed.', { step: error.activityType })
  }
}
