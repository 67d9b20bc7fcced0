import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  isCancellation,
  log,
  setHandler,
  TimeoutFailure,
} from '@temporalio/workflow'
import type { Admission, Ending, TurnInput, TurnOutcome } from '../schema/turn.ts'
import { steerSignal } from './messages.ts'
import { reasonOf } from './step-failure.ts'
import { stepsOf } from './steps.ts'

type Steps = ReturnType<typeof stepsOf>
type Steering = ReturnType<typeof listenForSteering>
type Admitted = Extract<Admission, { kind: 'admitted' }>

/** One inbound message, from its turn at the head of the room's queue to its outcome. */
export async function turnWorkflow(turn: TurnInput): Promise<TurnOutcome> {
  const steering = listenForSteering()
  const steps = stepsOf(turn)
  const admission = await kept(steps.admit)
  if (admission.kind === 'refused') return { state: admission.state }

  const ending: Stop =
    admission.kind === 'expired' ? { kind: 'timed_out' } : await answer(steps, admission, steering)
  if (ending.kind === 'needs_approval') return kept(() => park(steps, ending.ordinal))
  return kept(() => conclude(steps, ending))
}

/** An action that needs approval stops the turn as well: the answer goes on as the next generation. */
type Stop = Ending | { readonly kind: 'needs_approval'; readonly ordinal: number }

/** A cancellation may interrupt the answer, never the bookkeeping around it. */
const kept = <Result>(work: () => Promise<Result>) => CancellationScope.nonCancellable(work)

/** What the person hears; how it went is for `settle` to write. */
async function answer(
  steps: Steps,
  { foreignProviders, rounds, hasAttachments }: Admitted,
  steering: Steering,
): Promise<Stop> {
  try {
    let decision = await steps.shouldRespond()
    if (decision === 'ask') decision = await steps.shouldRespondModel()
    if (decision !== 'respond') return { kind: 'ignored' }

    let ordinal = 0
    let attends = hasAttachments === true
    let more: true | undefined
    for (let round = 1; ; round += 1) {
      if (attends) await unlessItFails(steps.attend(round))
      await steps.composeState(round, foreignProviders || more === true)
      const decided = await steps.decide(round)
      more = decided.more
      for (const action of decided.actions) {
        const needsGateway = decided.gateway?.includes(action) === true
        const verdict = await steps.runAction(ordinal, action, needsGateway)
        if (verdict === 'needs_approval') return { kind: 'needs_approval', ordinal }
        ordinal += 1
      }
      if (round < rounds) continue // an earlier generation got as far as this
      attends = false
      if (more) continue // the decision wants to see what came of it
      const goesOn = steering.isAsked(round) && (await steps.steer(round))
      if (!goesOn) return { kind: 'decided', round }
      attends = goesOn === 'attend'
    }
  } catch (error) {
    return endingOf(error)
  }
}

/** After so many rounds a message gets a turn of its own. */
const MAX_ROUNDS = 5

/** A message waits for this turn. Lost signals do no harm: the message then gets a turn of its own. */
function listenForSteering() {
  let asked = false
  setHandler(steerSignal, () => {
    asked = true
  })
  return {
    /** Once per signal. */
    isAsked(round: number): boolean {
      const was = asked && round < MAX_ROUNDS
      asked = false
      return was
    },
  }
}

/** The room goes on without the turn. One that was told to stop meanwhile ends instead. */
async function park(steps: Steps, ordinal: number): Promise<TurnOutcome> {
  const parking = await steps.park(ordinal).catch(endingOf)
  if (parking.kind !== 'parked') {
    return conclude(steps, parking.kind === 'refused' ? { kind: 'cancelled' } : parking)
  }
  if (parking.hasOutbox) await attempted(steps.deliver())
  return { state: 'waiting_approval' }
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

/** Whatever becomes of an attachment, the message is answered: only a cancellation ends the turn here. */
async function unlessItFails(work: Promise<unknown>): Promise<void> {
  try {
    await work
  } catch (error) {
    if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error
    log.warn('A step that the answer can do without failed.', { step: error.activityType })
  }
}

/** What follows the outcome cannot change it: a failure is in the history and in the journal. */
async function attempted(work: Promise<unknown>): Promise<void> {
  try {
    await work
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error
    log.warn('A step after the outcome failed.', { step: error.activityType })
  }
}
