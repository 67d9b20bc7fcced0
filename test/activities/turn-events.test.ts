import { describe, expect, it } from '@jest/globals'
import type { Action } from '../../agent/action.ts'
import type { Evaluator } from '../../agent/evaluator.ts'
import type { Ending } from '../../schema/turn.ts'
import { fakePorts } from '../support/fake-ports.ts'
import { failureOf, fakeStep } from '../support/fake-step.ts'
import { answerXml, scriptedVendor } from '../support/scripted-vendor.ts'

const ENDED: Ending = { kind: 'decided', round: 1 }

/** A turn, and what the plugins of its agent are told of it. */
function house(given: { actions?: Action[]; evaluators?: Evaluator[] } = {}, answer = '') {
  const plugins = [{ name: 'shop', description: 'A shop.', ...given }]
  const told: [name: string, payload?: unknown][] = []
  const ports = {
    ...fakePorts({ vendor: scriptedVendor(answer), plugins }),
    turnEvents: {
      emit: (of: { turnId: string }, name: string, payload?: unknown) => {
        if (of.turnId === turn.turnId) told.push(payload === undefined ? [name] : [name, payload])
      },
    },
  }
  const turn = ports.accept('Hello')
  const step = <T>(work: Parameters<ReturnType<typeof fakeStep>['run']>[0]) =>
    fakeStep(ports).run(work) as Promise<T>
  const take = () => told.splice(0)
  return { ports, turn, step, take }
}

const action = (more: Partial<Action> = {}): Action => ({
  ...{ name: 'ORDER', description: 'Orders.', effect: 'once', isForeign: true },
  validate: () => true,
  handler: async () => ({ success: true }),
  ...more,
})

describe('the events of a turn', () => {
  it('begin with the run and its message', async () => {
    const { step, turn, take } = house()
    await step((activities) => activities.admit(turn))
    expect(take()).toEqual([['RUN_STARTED'], ['MESSAGE_RECEIVED']])
  })

  it('say nothing of a turn that is not admitted', async () => {
    const { step, turn, take, ports } = house()
    Object.assign(ports.turn(turn), { state: 'cancelled' })
    await step((activities) => activities.admit(turn))
    expect(take()).toEqual([])
  })

  it('end with what was said and the run, once, however often it is settled', async () => {
    const { step, turn, take } = house({}, answerXml('Hello Sam.'))
    await step((activities) => activities.admit(turn))
    await step((activities) => activities.composeState(turn))
    await step((activities) => activities.decide(turn))
    take()
    for (let n = 0; n < 2; n += 1) await step((activities) => activities.settle(turn, ENDED))
    expect(take()).toEqual([
      ['MESSAGE_SENT', { content: expect.objectContaining({ text: 'Hello Sam.' }) }],
      ['RUN_ENDED', expect.objectContaining({ status: 'completed' })],
    ])
  })

  it.each<[Ending, string, string, string]>([
    [{ kind: 'failed', code: 'model_rejected' }, 'RUN_ENDED', 'error', 'model_rejected'],
    [{ kind: 'timed_out' }, 'RUN_TIMEOUT', 'timeout', 'deadline_exceeded'],
  ])('tell of an apology, and of how it ended: %o', async (ending, name, status, error) => {
    const { step, turn, take } = house()
    await step((activities) => activities.admit(turn))
    take()
    await step((activities) => activities.settle(turn, ending))
    expect(take()).toEqual([
      ['MESSAGE_SENT', { content: expect.objectContaining({ text: expect.any(String) }) }],
      [name, { status, error }],
    ])
  })

  it('end without a message where nothing was said', async () => {
    const { step, turn, take } = house()
    await step((activities) => activities.admit(turn))
    take()
    await step((activities) => activities.settle(turn, { kind: 'ignored' }))
    expect(take()).toEqual([['RUN_ENDED', expect.objectContaining({ status: 'completed' })]])
  })
})

describe('the events of an action', () => {
  it.each([
    ['success', async () => ({ success: true }), true],
    ['failure', () => Promise.reject(new Error('No oven.')), false],
  ])('stand around its handler: %s', async (_what, handler, success) => {
    const told: unknown[] = []
    const { step, turn, take } = house({
      actions: [
        action({
          handler: () => {
            told.push(...take())
            return handler()
          },
        }),
      ],
    })
    await step((activities) => activities.admit(turn))
    take()
    const which = { actionName: 'ORDER', ordinal: 0 }
    await step((activities) => activities.runAction(turn, { ordinal: 0, action: 'ORDER' }))
    expect(told).toEqual([['ACTION_STARTED', which]])
    expect(take()).toEqual([['ACTION_COMPLETED', { ...which, success }]])
    await step((activities) => activities.runAction(turn, { ordinal: 0, action: 'ORDER' }))
    expect(take()).toEqual([])
  })
})

describe('the events of an evaluator', () => {
  const evaluator = (more: Partial<Evaluator> = {}): Evaluator => ({
    ...{ name: 'MOOD', description: 'Looks.', handler: async () => undefined },
    ...more,
  })
  async function evaluated(given: Evaluator) {
    const { step, turn, take } = house({ evaluators: [given] })
    await step((activities) => activities.admit(turn))
    await step((activities) => activities.settle(turn, { kind: 'ignored' }))
    take()
    await failureOf(step((activities) => activities.evaluate(turn, 'MOOD')))
    return take().map(([name, payload]) => [name, payload])
  }
  const named = expect.objectContaining({ evaluatorName: 'MOOD' })

  it('stand around its handler', async () => {
    expect(await evaluated(evaluator())).toEqual([
      ['EVALUATOR_STARTED', named],
      ['EVALUATOR_COMPLETED', named],
    ])
  })

  it('say what it threw', async () => {
    const thrown = evaluator({ handler: () => Promise.reject(new Error('No mood.')) })
    expect(await evaluated(thrown)).toEqual([
      ['EVALUATOR_STARTED', named],
      ['EVALUATOR_COMPLETED', { evaluatorName: 'MOOD', error: 'No mood.' }],
    ])
  })

  it('are not told when it does not apply', async () => {
    expect(await evaluated(evaluator({ validate: () => false }))).toEqual([])
  })
})
