import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals'
import { WorkflowFailedError } from '@temporalio/client'
import { ConnectorError, UnavailableError } from '../../agent/errors.ts'
import type { Evaluator } from '../../agent/evaluator.ts'
import type { Plugin } from '../../agent/plugin.ts'
import type { FakePorts } from '../support/fake-ports.ts'
import { localSteps, nameOf, scheduledSteps, timeOf } from '../support/history-events.ts'
import { createLoopbackConnector } from '../support/loopback-connector.ts'
import { answerXml, hangingCall, scriptedVendor } from '../support/scripted-vendor.ts'
import { type HistoryEvent, type TurnBench, timeSkippingBench } from '../support/turn-worker.ts'

const MINUTE_MS = 60_000
const LOOP_ROOM = { source: 'loop', type: 'DM' }

// The server's clock jumps while heartbeats come in real time: on a machine that does much else at
// once, a test may hang until its limit. A second try tells that from a defect.
jest.retryTimes(1, { logErrorsBeforeRetry: true })

let bench: TurnBench

beforeAll(async () => {
  bench = await timeSkippingBench()
})

afterAll(() => bench.stop())

const evaluating = (...evaluators: Partial<Evaluator>[]): Plugin => ({
  name: 'observers',
  description: 'Observers.',
  evaluators: evaluators.map((evaluator, at) => ({
    name: `OBSERVER_${at}`,
    description: 'Looks.',
    handler: async () => {},
    ...evaluator,
  })),
})

const loopback = () => createLoopbackConnector({ source: 'loop' })

const vendor = () => scriptedVendor(answerXml('Hello Sam.'))

/** Fails `times` times as if Postgres were away. */
function settlingAfter(ports: FakePorts, times: number): FakePorts {
  let failed = 0
  const settle: FakePorts['turns']['settle'] = async (input) => {
    failed += 1
    if (failed <= times) throw new UnavailableError('Postgres cannot be reached.')
    return ports.turns.settle(input)
  }
  return { ...ports, turns: { ...ports.turns, settle } }
}

const taskOf = (event: HistoryEvent | undefined) =>
  Number(
    event?.activityTaskScheduledEventAttributes?.workflowTaskCompletedEventId ??
      event?.markerRecordedEventAttributes?.workflowTaskCompletedEventId,
  )

describe('the commit of an outcome', () => {
  it('is tried three times locally, then as a regular step until the database is back', async () => {
    const ports = await bench.ports({ vendor: vendor() })
    const turn = ports.accept('hello')
    const { outcome, events } = await bench.run(settlingAfter(ports, 9), turn)
    expect(outcome).toEqual({ state: 'replied' })
    expect(ports.turn(turn).reply?.content.text).toBe('Hello Sam.')
    expect(localSteps(events)).toContain('settle')
    expect(scheduledSteps(events)).toEqual(['decide', 'settle'])
    const attempts = events.flatMap((e) => e.activityTaskStartedEventAttributes?.attempt ?? [])
    expect(attempts).toEqual([1, 7])
  })

  it('is given up at deadline and grace when the database stays away', async () => {
    const ports = await bench.ports({ vendor: vendor() })
    const turn = ports.accept('hello')
    const { end, error } = await bench.withWorker(
      settlingAfter(ports, Number.POSITIVE_INFINITY),
      async (worker) => {
        const { handle } = await worker.start(turn)
        const error = await handle.result().catch((error: unknown) => error)
        return { error, end: (await handle.fetchHistory()).events?.at(-1) }
      },
    )
    expect(error).toBeInstanceOf(WorkflowFailedError)
    const lateMs = timeOf(end) - turn.deadlineAt
    expect(lateMs).toBeGreaterThan(0)
    expect(lateMs).toBeLessThan(11_000)
  })

  it('starts the next turn of the room', async () => {
    const ports = await bench.ports({ vendor: vendor() })
    const first = ports.accept('hello')
    const second = ports.accept('and how are you?')
    await bench.run(ports, first)
    expect(ports.started).toEqual([expect.objectContaining({ turnId: second.turnId, gen: 1 })])
  })
})

describe('what follows an outcome', () => {
  it('is nothing when there is no platform and no evaluator is due', async () => {
    const ports = await bench.ports({ vendor: vendor() })
    const { events } = await bench.run(ports, ports.accept('hello'))
    expect(scheduledSteps(events)).toEqual(['decide'])
  })

  it('is scheduled in the very task that commits it: delivery and each evaluator', async () => {
    const connector = loopback()
    const plugins = [evaluating({}, {})]
    const ports = await bench.ports({ vendor: vendor(), plugins, connector, room: LOOP_ROOM })
    const turn = ports.accept('hello')
    const { events } = await bench.run(ports, turn)
    const settle = events.find((event) => nameOf(event) === 'MARKER_RECORDED settle')
    const scheduled = events.filter((event) => event.activityTaskScheduledEventAttributes)
    expect(scheduledSteps(events)).toEqual(['decide', 'deliver', 'evaluate', 'evaluate'])
    expect(scheduled.slice(1).map(taskOf)).toEqual(Array(3).fill(taskOf(settle)))
    expect(connector.visible.map(({ text }) => text)).toEqual(['Hello Sam.'])
    expect([0, 1].map((at) => ports.step(turn, `evaluate:OBSERVER_${at}`)?.state)).toEqual([
      'done',
      'done',
    ])
  })

  it('does not change the outcome when it fails', async () => {
    const connector = loopback()
    const refusing = new ConnectorError('No such thing.', { kind: 'permanent' })
    const plugins = [
      evaluating({
        handler: async () => {
          throw refusing
        },
      }),
    ]
    const ports = await bench.ports({ vendor: vendor(), plugins, connector, room: LOOP_ROOM })
    const failingLease = async () => {
      throw refusing
    }
    const broken = { ...ports, outbox: { ...ports.outbox, lease: failingLease } }
    const { outcome, events } = await bench.run(broken, ports.accept('hello'))
    expect(outcome).toEqual({ state: 'replied' })
    const failed = events.filter((event) => event.activityTaskFailedEventAttributes)
    expect(failed).toHaveLength(2)
  })

  it('goes on when the turn is cancelled meanwhile', async () => {
    const looked = Promise.withResolvers<void>()
    const goOn = Promise.withResolvers<void>()
    const plugins = [
      evaluating({
        handler: async () => {
          looked.resolve()
          await goOn.promise
        },
      }),
    ]
    const ports = await bench.ports({ vendor: vendor(), plugins })
    const turn = ports.accept('hello')
    const { outcome } = await bench.withWorker(ports, async (worker) => {
      const { handle, ended } = await worker.start(turn)
      await looked.promise
      await handle.cancel()
      goOn.resolve()
      return ended()
    })
    expect(outcome).toEqual({ state: 'replied' })
    expect(ports.step(turn, 'evaluate:OBSERVER_0')?.state).toBe('done')
  })

  it('gives up an evaluator that is slower than its two minutes', async () => {
    const call = hangingCall()
    const plugins = [evaluating({ handler: ({ signal }) => call.hang(signal) })]
    const ports = await bench.ports({ vendor: vendor(), plugins })
    // The clock jumps over heartbeats, which come in real time.
    const turn = ports.accept('hello', { heartbeatTimeoutMs: 60 * MINUTE_MS })
    const { outcome, events } = await bench.withWorker(ports, async (worker) => {
      const started = await worker.start(turn)
      await call.began
      return started.endedAfter(2 * MINUTE_MS + 100)
    })
    await call.aborted
    expect(outcome).toEqual({ state: 'replied' })
    expect(events.map(nameOf)).toContain('ACTIVITY_TASK_TIMED_OUT')
    expect(ports.step(turn, 'evaluate:OBSERVER_0')?.state).toBe('pending')
  })
})
