import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { ActionContext } from '../../agent/action.ts'
import type { FakePorts } from '../support/fake-ports.ts'
import { localSteps, scheduledSteps } from '../support/history-events.ts'
import { answerXml, hangingCall, scriptedVendor } from '../support/scripted-vendor.ts'
import { devServerBench, type EndedTurn, type TurnBench } from '../support/turn-worker.ts'

let bench: TurnBench

beforeAll(async () => {
  bench = await devServerBench()
})

afterAll(() => bench.stop())

/** Cancels the turn as soon as `moment` has come, lets `then` happen, and waits for the end. */
function cancelAt(ports: FakePorts, moment: Promise<unknown>, then = () => {}): Promise<EndedTurn> {
  const turn = ports.accept('hello')
  return bench.withWorker(ports, async (worker) => {
    const { handle, ended } = await worker.start(turn)
    await moment
    await handle.cancel()
    then()
    return ended()
  })
}

const acting = (handler: (context: ActionContext) => Promise<never>) => {
  const actions = [{ name: 'WAIT', description: 'Waits.', effect: 'none' as const, handler }]
  return [{ name: 'waiting', description: 'Waiting.', actions }]
}

const turnOf = (ports: FakePorts) => [...ports.rows.turns.values()][0]

describe('a turn that is cancelled', () => {
  it('while it waits for a worker ends as cancelled and asks no model', async () => {
    const vendor = scriptedVendor()
    const ports = await bench.ports({ vendor })
    const turn = ports.accept('hello')
    const { handle, ended } = await bench.start(turn, 'cancelled-before')
    await handle.cancel()
    const { outcome, events } = await bench.withWorker(ports, ended, 'cancelled-before')
    expect(outcome).toEqual({ state: 'cancelled' })
    expect(localSteps(events)).toEqual(['admit', 'settle'])
    expect(vendor.requests).toEqual([])
  })

  it('while the model answers aborts the call, notes what was cut, and settles', async () => {
    const call = hangingCall()
    const vendor = scriptedVendor(async (request, options) => {
      options.onText('<response><text>Once upon')
      if (typeof call.answer !== 'function') throw new Error('It hangs.')
      return call.answer(request, options)
    })
    const ports = await bench.ports({ vendor })
    const { outcome } = await cancelAt(ports, call.began)
    expect(outcome).toEqual({ state: 'cancelled' })
    await call.aborted
    expect(turnOf(ports)).toMatchObject({ code: 'cancelled_by_user', reply: null })
    expect(ports.rows.calls).toMatchObject([
      { state: 'cut', estimatedOutputTokens: 7, error: null },
    ])
    expect(ports.events.at(-1)).toMatchObject({ kind: 'settled', state: 'cancelled' })
  })

  it('while an action runs is cancelled, whatever error the action makes of it', async () => {
    const call = hangingCall()
    const handler = ({ signal }: ActionContext) =>
      call.hang(signal).catch(() => {
        throw new Error('The lamp did not answer.')
      })
    const vendor = scriptedVendor(answerXml('Done.', 'REPLY, WAIT'))
    const ports = await bench.ports({ vendor, plugins: acting(handler) })
    const { outcome, events } = await cancelAt(ports, call.began)
    expect(outcome).toEqual({ state: 'cancelled' })
    expect(scheduledSteps(events)).toEqual(['decide', 'runAction'])
    expect(turnOf(ports)?.reply).toBeNull()
  })

  it('while its outcome is committed ends as it was decided', async () => {
    const ports = await bench.ports({ vendor: scriptedVendor(answerXml('Hello Sam.')) })
    const settling = Promise.withResolvers<void>()
    const goOn = Promise.withResolvers<void>()
    const settle: FakePorts['turns']['settle'] = async (input) => {
      settling.resolve()
      await goOn.promise
      return ports.turns.settle(input)
    }
    const slow = { ...ports, turns: { ...ports.turns, settle } }
    const { outcome } = await cancelAt(slow, settling.promise, goOn.resolve)
    expect(outcome).toEqual({ state: 'replied' })
    expect(turnOf(ports)?.reply?.content.text).toBe('Hello Sam.')
  })
})
