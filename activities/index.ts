import { CancelledFailure } from '@temporalio/common'
import type { Ports, StepAttempt } from '../agent/ports.ts'
import { wordsOf } from '../agent/words-of.ts'
import type { TaskInput } from '../schema/task.ts'
import type { DeliveryInput, TurnInput } from '../schema/turn.ts'
import { createAdmit } from './admit.ts'
import { causeOfEnd, currentAttempt, currentRun } from './attempt.ts'
import { createAttend } from './attend.ts'
import { createComposeState } from './compose-state.ts'
import { createDecide } from './decide.ts'
import { createDeliver } from './deliver.ts'
import { createDeliverRoom } from './deliver-room.ts'
import { createEvaluate } from './evaluate.ts'
import { toFailure } from './failures.ts'
import { createPark } from './park.ts'
import { RegularStepError } from './regular-step.ts'
import { attendStep, composeStep, decideStep } from './rounds.ts'
import { type ActionStep, createRunAction } from './run-action.ts'
import { createRunTask } from './run-task.ts'
import { createSettle } from './settle.ts'
import { createShouldRespond } from './should-respond.ts'
import { createShouldRespondModel } from './should-respond-model.ts'
import { createSteer } from './steer.ts'

/** Everything the Worker can do to the world. The one place where activities are registered. */
export function createActivities(ports: Ports) {
  const guard = guarded(ports)
  return {
    admit: guard('admit', createAdmit(ports)),
    shouldRespond: guard('shouldRespond', createShouldRespond(ports)),
    shouldRespondModel: guard('shouldRespond.model', createShouldRespondModel(ports)),
    attend: guard(attendStep, createAttend(ports)),
    composeState: guard(composeStep, createComposeState(ports)),
    decide: guard(decideStep, createDecide(ports)),
    runAction: guard(({ ordinal }: ActionStep) => `runAction:${ordinal}`, createRunAction(ports)),
    park: guard('park', createPark(ports)),
    steer: guard((round: number) => `steer:${round}`, createSteer(ports)),
    settle: guard('settle', createSettle(ports)),
    deliver: guard('deliver', createDeliver(ports)),
    deliverRoom: guardedAlone(ports, deliveryTitle, createDeliverRoom(ports)),
    runTask: guardedAlone(ports, taskTitle, createRunTask(ports)),
    evaluate: guard((name: string) => `evaluate:${name}`, createEvaluate(ports)),
  }
}

export type Activities = ReturnType<typeof createActivities>

/** Lets a failure leave as a code, and keeps its words: in the journal's row and in the log. */
const guarded =
  (ports: Pick<Ports, 'journal' | 'log'>) =>
  <Rest extends unknown[], Result>(
    step: string | ((...rest: Rest) => string),
    activity: (turn: TurnInput, ...rest: Rest) => Promise<Result>,
  ) =>
  async (turn: TurnInput, ...rest: Rest): Promise<Result> => {
    try {
      return await activity(turn, ...rest)
    } catch (thrown) {
      const error = causeOfEnd(thrown)
      if (error instanceof CancelledFailure) throw error // asked for, and settled as such
      const attempt = currentAttempt(turn)
      if (error instanceof RegularStepError) throw toFailure(error, attempt.attempt)
      const name = typeof step === 'string' ? step : step(...rest)
      await noteFailure(ports, attempt, { turn, name, error })
      throw toFailure(error, attempt.attempt)
    }
  }

/** The same for an activity of no turn: there is no trace that could tell. */
const guardedAlone =
  <Input, Result>(
    { log }: Pick<Ports, 'log'>,
    title: (input: Input) => string,
    activity: (input: Input) => Promise<Result>,
  ) =>
  async (input: Input): Promise<Result> => {
    try {
      return await activity(input)
    } catch (thrown) {
      const error = causeOfEnd(thrown)
      if (error instanceof CancelledFailure) throw error
      const { attempt } = currentRun()
      log.warn(undefined, `${title(input)} failed at attempt ${attempt}.`, error)
      throw toFailure(error, attempt)
    }
  }

const deliveryTitle = ({ roomId }: DeliveryInput) => `Delivering in the room '${roomId}'`
const taskTitle = ({ taskId }: TaskInput) => `Running the task '${taskId}'`

async function noteFailure(
  { journal, log }: Pick<Ports, 'journal' | 'log'>,
  attempt: StepAttempt,
  { turn, name, error }: { turn: TurnInput; name: string; error: unknown },
): Promise<void> {
  log.warn(turn, `The step '${name}' failed at attempt ${attempt.attempt}.`, error)
  const words = wordsOf(error)
  // Postgres may be what failed: the code of the failure still says so.
  await journal.noteFailure(attempt, name, words).catch((second: unknown) => {
    log.warn(turn, 'The reason of the failure could not be stored.', second)
  })
}
