import { MockActivityEnvironment } from '@temporalio/testing'
import { DefaultLogger } from '@temporalio/worker'
import { type Activities, createActivities } from '../../activities/index.ts'
import type { TurnInput } from '../../schema/turn.ts'
import type { AcceptOptions, FakePorts } from './fake-ports.ts'

const RUN_ID = 'run-1'

export interface FakeStep {
  run<T>(work: (activities: Activities) => Promise<T>): Promise<T>
  /** How often the step has said that it lives. */
  heartbeats(): number
  /** As if the turn had been cancelled while the step runs. */
  cancel(): void
}

/** Activity bodies as one attempt of a step, without Temporal and without a database. */
export function fakeStep(
  ports: FakePorts,
  attempt = 1,
  { runId = RUN_ID, isLocal = false, timeMs = 60_000 } = {},
): FakeStep {
  const workflowExecution = { workflowId: 'workflow', runId }
  const time = { scheduleToCloseTimeoutMs: timeMs }
  const info = { attempt, activityId: 'activity', isLocal, workflowExecution, ...time }
  const environment = new MockActivityEnvironment(info, { logger: new DefaultLogger('ERROR') })
  const activities = createActivities(ports)
  let heartbeats = 0
  environment.on('heartbeat', () => {
    heartbeats += 1
  })
  return {
    run: (work) => environment.run(() => work(activities)),
    heartbeats: () => heartbeats,
    cancel: () => environment.cancel(),
  }
}

/** A turn that was admitted. */
export async function runningTurn(
  ports: FakePorts,
  text = 'hello',
  options: AcceptOptions = {},
): Promise<TurnInput> {
  const turn = ports.accept(text, options)
  await fakeStep(ports).run((activities) => activities.admit(turn))
  return turn
}

/** A turn whose prompt was composed. */
export async function composedTurn(
  ports: FakePorts,
  text?: string,
  options?: AcceptOptions,
): Promise<TurnInput> {
  const turn = await runningTurn(ports, text, options)
  await fakeStep(ports).run((activities) => activities.composeState(turn))
  return turn
}

/** What a step failed with. */
export const failureOf = (step: Promise<unknown>): Promise<unknown> =>
  step.then(
    () => undefined,
    (error: unknown) => error,
  )
