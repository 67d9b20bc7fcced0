import { describe, expect, it } from '@jest/globals'
import { fakePorts } from '../support/fake-ports.ts'
import { failureOf, fakeStep, runningTurn } from '../support/fake-step.ts'
import { type ScriptedAnswer, scriptedVendor } from '../support/scripted-vendor.ts'

const GROUP = { source: 'discord', type: 'GROUP' }
const answer = (action: string) => `<response><action>${action}</action></response>`

async function prepare(...answers: ScriptedAnswer[]) {
  const vendor = scriptedVendor(...answers)
  const ports = fakePorts({ vendor, room: GROUP })
  const turn = await runningTurn(ports, 'Who is coming tonight?')
  const askRules = (attempt = 1) =>
    fakeStep(ports, attempt).run((activities) => activities.shouldRespond(turn))
  const askModel = (attempt = 1) =>
    fakeStep(ports, attempt).run((activities) => activities.shouldRespondModel(turn))
  return { vendor, ports, turn, askRules, askModel }
}

describe('the rules of answering', () => {
  it('are asked once: what was journaled stands, though the room has changed', async () => {
    const { ports, turn, askRules } = await prepare()
    expect(await askRules()).toBe('ask')
    const row = ports.turn(turn)
    ports.rows.turns.set(turn.turnId, { ...row, loaded: { ...row.loaded, participation: 'MUTED' } })
    expect(await askRules(2)).toBe('ask')
    expect(ports.step(turn, 'shouldRespond')?.result).toEqual({ decision: 'ask' })
  })
})

describe('the model that is asked whether to answer', () => {
  it.each([
    ['RESPOND', 'respond'],
    ['IGNORE', 'ignore'],
    ['NONE', 'ignore'],
    ['STOP', 'ignore'],
    ['perhaps', 'ignore'],
  ])('says %s, which means %s', async (action, decision) => {
    const { askModel } = await prepare(answer(action))
    expect(await askModel()).toBe(decision)
  })

  it('reads the conversation and is the small one', async () => {
    const { vendor, askModel } = await prepare(answer('RESPOND'))
    await askModel()
    expect(vendor.requests).toMatchObject([{ purpose: 'TEXT_SMALL' }])
    expect(vendor.requests[0]?.prompt).toContain('Who is coming tonight?')
  })

  it('is asked once, though the step is run again', async () => {
    const { vendor, ports, turn, askModel } = await prepare(answer('RESPOND'), answer('IGNORE'))
    expect(await askModel(1)).toBe('respond')
    expect(await askModel(2)).toBe('respond')
    expect(vendor.requests).toHaveLength(1)
    expect(ports.step(turn, 'shouldRespond.model')?.result).toEqual({ decision: 'respond' })
  })

  it('fails the step when it cannot be reached, and shows nobody anything', async () => {
    const { ports, askModel } = await prepare(new Error('No route to host.'))
    expect(await failureOf(askModel())).toMatchObject({ type: 'internal', nonRetryable: false })
    expect(ports.events).toEqual([])
  })
})
