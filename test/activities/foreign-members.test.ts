import { describe, expect, it } from '@jest/globals'
import type { Action } from '../../agent/action.ts'
import type { WorkContext } from '../../agent/context.ts'
import type { Provider } from '../../agent/provider.ts'
import { AGENT_ID, fakePorts } from '../support/fake-ports.ts'
import { failureOf, fakeStep, runningTurn } from '../support/fake-step.ts'
import { type ScriptedAnswer, scriptedVendor } from '../support/scripted-vendor.ts'

interface Members {
  readonly actions?: readonly Action[]
  readonly providers?: readonly Provider[]
}

async function prepare(members: Members, ...answers: readonly ScriptedAnswer[]) {
  const vendor = scriptedVendor(...answers)
  const plugins = [{ name: 'shop', description: 'A shop.', ...members }]
  const ports = fakePorts({ vendor, plugins, room: { source: 'discord', type: 'GROUP' } })
  const turn = await runningTurn(ports, 'Is there pizza?')
  return { vendor, ports, turn }
}

const isWork = (context: object): context is WorkContext => 'write' in context

describe('a foreign `validate` that asks a model', () => {
  it('is answered when its action is about to run, by a call of no turn', async () => {
    const action: Action = {
      ...{ name: 'ORDER', description: 'Orders.', effect: 'once', isForeign: true },
      validate: async (context) =>
        isWork(context) && (await context.generate('TEXT_SMALL', { prompt: 'Open?' })) === 'yes',
      handler: async () => ({ success: true }),
    }
    const { ports, turn } = await prepare({ actions: [action] }, 'yes')
    const step = { ordinal: 0, action: 'ORDER' }
    await fakeStep(ports).run((activities) => activities.runAction(turn, step))
    expect(ports.step(turn, 'runAction:0')?.result).toMatchObject({ success: true })
    const calls = ports.rows.calls.map(({ call: { attempt, step: at } }) => [at, attempt])
    expect(calls[0]).toEqual(['plugin', null])
  })
})

describe('foreign providers that are asked whether to answer', () => {
  it('write and ask models in the step, and it commits that with its decision', async () => {
    const seen: unknown[] = []
    const stock: Provider = {
      name: 'STOCK',
      async get(context) {
        seen.push(context.step)
        if (!isWork(context)) return {}
        context.write({ kind: 'cache.put', key: 'asked', value: 1 })
        return { text: await context.generate('TEXT_SMALL', { prompt: 'How many?' }) }
      },
    }
    const { ports, turn } = await prepare(
      { providers: [stock] },
      'Seven are left.',
      '<response><action>IGNORE</action></response>',
    )
    const run = (attempt: number) =>
      fakeStep(ports, attempt).run((activities) => activities.shouldRespondModel(turn))
    expect([await run(1), await run(2)]).toEqual(['ignore', 'ignore'])
    expect(seen).toEqual(['shouldRespond.model'])
    expect(ports.rows.commits).toMatchObject([
      {
        step: 'shouldRespond.model',
        records: [{ kind: 'cache.put', key: 'asked', value: 1 }],
      },
    ])
    const calls = ports.rows.calls.map(({ call }) => call.call)
    expect(calls).toEqual([expect.any(Number), 1])
    expect(calls[0]).toBeGreaterThan(1_000)
  })
})

describe('an agent that got foreign members after its turn was admitted', () => {
  it('claims nothing in the local step, whose regular twin goes on', async () => {
    let asked = 0
    const stock = { name: 'STOCK', get: async () => ({ text: `Seven are left. ${++asked}` }) }
    const { ports, turn } = await prepare({ providers: [stock] })
    const compose = (isLocal: boolean, attempt: number) =>
      fakeStep(ports, attempt, { isLocal }).run((activities) => activities.composeState(turn))
    for (const attempt of [1, 2, 3]) {
      expect(await failureOf(compose(true, attempt))).toMatchObject({ nonRetryable: false })
    }
    expect(ports.step(turn, 'composeState')).toBeUndefined()
    await compose(false, 1)
    expect(asked).toBe(1)
    expect([...ports.rows.prompts.values()][0]?.prompt).toContain('Seven are left. 1')
  })
})

describe('an interrupted choice of the person', () => {
  const TASK = 'aaaaaaaa-0000-4000-8000-000000000001'
  const step = { ordinal: 0, action: 'CHOOSE_OPTION' }
  const choice = `<response><question>${TASK.slice(0, 8)}</question><option>post</option></response>`

  async function interrupted() {
    let ran = 0
    const { ports, turn } = await prepare({}, choice)
    const room = { ...ports.turn(turn).loaded.room, type: 'DM' }
    Object.assign(ports.turn(turn).loaded, { room })
    const task = { id: TASK, name: 'PUBLISH', roomId: room.id, tags: ['AWAITING_CHOICE'] }
    const metadata = { options: [{ name: 'post' }] }
    await ports.records.commit(AGENT_ID, [
      { kind: 'task.put', task: { ...task, description: 'Publish?', metadata } },
    ])
    const runTask = async () => {
      ran += 1
      if (ran === 1) throw died
    }
    const agents = { get: async () => ({ ...ports.agent, runTask }) }
    return { ports: { ...ports, agents }, turn, ran: () => ran }
  }
  const died = new Error('The process died.')

  it('that a worker of a plugin carries out is not repeated: nobody knows how it ended', async () => {
    const { ports, turn, ran } = await interrupted()
    const dying = { ...ports.journal, finish: async () => Promise.reject(died) }
    const first = fakeStep({ ...ports, journal: dying })
    await failureOf(first.run((activities) => activities.runAction(turn, step)))
    expect(ran()).toBe(1)
    await fakeStep(ports, 2).run((activities) => activities.runAction(turn, step))
    expect(ran()).toBe(1)
    expect(ports.step(turn, 'runAction:0')?.result).toMatchObject({ success: false, unknown: true })
  })
})
