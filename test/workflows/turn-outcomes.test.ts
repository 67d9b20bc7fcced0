import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals'
import { ModelError } from '../../agent/errors.ts'
import { localSteps, scheduledSteps, timeOf } from '../support/history-events.ts'
import { answerXml, hangingCall, scriptedVendor } from '../support/scripted-vendor.ts'
import { type TurnBench, timeSkippingBench } from '../support/turn-worker.ts'

const MINUTE_MS = 60_000
const GROUP = { source: 'discord', type: 'GROUP' }
const ANSWER = answerXml('Hello Sam.')

// The server's clock jumps while heartbeats come in real time: on a machine that does much else at
// once, a test may hang until its limit. A second try tells that from a defect.
jest.retryTimes(1, { logErrorsBeforeRetry: true })

let bench: TurnBench

beforeAll(async () => {
  bench = await timeSkippingBench()
})

afterAll(() => bench.stop())

const unavailable = (retryAfterMs?: number) =>
  new ModelError('The vendor is down for maintenance.', {
    code: 'model_unavailable',
    retryable: true,
    retryAfterMs,
    status: 503,
  })

const judgement = (action: string) =>
  `<response><name>Ada</name><reasoning>?</reasoning><action>${action}</action></response>`

describe('a turn that is answered', () => {
  it('goes through its steps in order and says what the model wrote', async () => {
    const ports = await bench.ports({ vendor: scriptedVendor(ANSWER) })
    const turn = ports.accept('hello')
    const { outcome, events } = await bench.run(ports, turn)
    expect(outcome).toEqual({ state: 'replied' })
    expect(ports.turn(turn).reply?.content.text).toBe('Hello Sam.')
    expect(localSteps(events)).toEqual(['admit', 'shouldRespond', 'composeState', 'settle'])
    expect(scheduledSteps(events)).toEqual(['decide'])
  })

  it('runs the chosen actions in order, one step each, and goes on behind one that fails', async () => {
    const ran: string[] = []
    const action = (name: string, isBroken = false) => ({
      name,
      description: name,
      effect: 'none' as const,
      handler: async () => {
        ran.push(name)
        if (isBroken) throw new Error('The lamp is not there.')
        return { success: true }
      },
    })
    const plugin = {
      name: 'lamps',
      description: 'Lamps.',
      actions: [action('DIM'), action('BREAK', true), action('LIGHT')],
    }
    const vendor = scriptedVendor(answerXml('Done.', 'REPLY, LIGHT, BREAK, DIM'))
    const ports = await bench.ports({ vendor, plugins: [plugin] })
    const turn = ports.accept('light!')
    const { outcome, events } = await bench.run(ports, turn)
    expect(outcome).toEqual({ state: 'replied' })
    expect(ran).toEqual(['LIGHT', 'BREAK', 'DIM'])
    expect(scheduledSteps(events)).toEqual(['decide', 'runAction', 'runAction', 'runAction'])
    expect(ports.step(turn, 'runAction:1')?.result).toEqual({
      action: 'BREAK',
      success: false,
      error: 'The lamp is not there.',
    })
  })

  it('composes the prompt in a regular step that heartbeats when a provider is foreign', async () => {
    const foreign = { name: 'WEATHER', get: async () => ({ text: 'It rains.' }) }
    const plugins = [{ name: 'weather', description: 'Weather.', providers: [foreign] }]
    const vendor = scriptedVendor(ANSWER)
    const ports = await bench.ports({ vendor, plugins })
    const { outcome, events } = await bench.run(ports, ports.accept('hello'))
    expect(outcome).toEqual({ state: 'replied' })
    expect(scheduledSteps(events)).toEqual(['composeState', 'decide'])
    const [compose] = events.flatMap((e) => e.activityTaskScheduledEventAttributes ?? [])
    expect(Number(compose?.heartbeatTimeout?.seconds)).toBe(3)
    expect(vendor.requests[0]?.prompt).toContain('It rains.')
  })

  it('goes on in another round when the words are left open, and stays the same at a second look', async () => {
    const look = {
      ...{ name: 'LOOK', description: 'Looks.', effect: 'none' as const },
      handler: async () => ({ success: true, text: 'The lamp is on.' }),
    }
    const vendor = scriptedVendor(answerXml('', 'LOOK, REPLY'), answerXml('It is on.'))
    const plugins = [{ name: 'lamps', description: 'Lamps.', actions: [look] }]
    const ports = await bench.ports({ vendor, plugins })
    const turn = ports.accept('is it on?')
    const { outcome, events } = await bench.run(ports, turn)
    expect(outcome).toEqual({ state: 'replied' })
    expect(scheduledSteps(events)).toEqual(['decide', 'runAction', 'composeState', 'decide'])
    expect(vendor.requests[1]?.prompt).toContain('LOOK succeeded: The lamp is on.')
    expect(ports.turn(turn).reply?.content).toMatchObject({
      ...{ text: 'It is on.', actions: ['REPLY', 'LOOK'] },
    })
  })

  it('asks the vendor again when it was away, at the time the vendor wished', async () => {
    const vendor = scriptedVendor(unavailable(2 * MINUTE_MS), ANSWER)
    const ports = await bench.ports({ vendor })
    const turn = ports.accept('hello')
    const { outcome, events } = await bench.run(ports, turn)
    expect(outcome).toEqual({ state: 'replied' })
    const started = events.find((e) => e.activityTaskStartedEventAttributes)
    const scheduled = events.find((e) => e.activityTaskScheduledEventAttributes)
    expect(started?.activityTaskStartedEventAttributes?.attempt).toBe(2)
    expect(timeOf(started) - timeOf(scheduled)).toBeGreaterThanOrEqual(2 * MINUTE_MS)
  })
})

describe('a turn that says nothing', () => {
  it('is ignored by the rules in a muted room', async () => {
    const ports = await bench.ports({ vendor: scriptedVendor() })
    const turn = ports.accept('hello', { participation: 'MUTED' })
    const { outcome, events } = await bench.run(ports, turn)
    expect(outcome).toEqual({ state: 'ignored' })
    expect(localSteps(events)).toEqual(['admit', 'shouldRespond', 'settle'])
    expect(ports.turn(turn).reply).toBeNull()
  })

  it.each(['IGNORE', 'STOP', 'hm'])(
    'is ignored when the model is asked and says %s',
    async (said) => {
      const ports = await bench.ports({ vendor: scriptedVendor(judgement(said)), room: GROUP })
      const { outcome, events } = await bench.run(ports, ports.accept('hello everybody'))
      expect(outcome).toEqual({ state: 'ignored' })
      expect(scheduledSteps(events)).toEqual(['shouldRespondModel'])
    },
  )

  it('is answered after all when the model is asked and says RESPOND', async () => {
    const ports = await bench.ports({
      vendor: scriptedVendor(judgement('RESPOND'), ANSWER),
      room: GROUP,
    })
    const { outcome, events } = await bench.run(ports, ports.accept('hello everybody'))
    expect(outcome).toEqual({ state: 'replied' })
    expect(scheduledSteps(events)).toEqual(['shouldRespondModel', 'decide'])
  })

  it('is ignored when the model chose IGNORE', async () => {
    const ports = await bench.ports({ vendor: scriptedVendor(answerXml('', 'IGNORE')) })
    const turn = ports.accept('bye')
    expect((await bench.run(ports, turn)).outcome).toEqual({ state: 'ignored' })
    expect(ports.turn(turn).reply).toBeNull()
  })
})

describe('a turn that may not run', () => {
  it('ends at once with the state it has when it ended before, and settles nothing', async () => {
    const ports = await bench.ports({ vendor: scriptedVendor() })
    const turn = ports.accept('hello')
    ports.turn(turn).state = 'superseded'
    const { outcome, events } = await bench.run(ports, turn)
    expect(outcome).toEqual({ state: 'superseded' })
    expect(localSteps(events)).toEqual(['admit'])
    expect(ports.events).toEqual([])
  })

  it('is refused when another run holds it', async () => {
    const ports = await bench.ports({ vendor: scriptedVendor() })
    const turn = ports.accept('hello')
    Object.assign(ports.turn(turn), { state: 'running', runId: 'another-run' })
    const { outcome, events } = await bench.run(ports, turn)
    expect(outcome).toEqual({ state: 'running' })
    expect(localSteps(events)).toEqual(['admit'])
  })

  it('says sorry when its deadline passed in the queue, and asks no model', async () => {
    const ports = await bench.ports({ vendor: scriptedVendor() })
    const turn = ports.accept('hello', { deadlineAt: Date.now() - 1 })
    const { outcome, events } = await bench.run(ports, turn)
    expect(outcome).toEqual({ state: 'timed_out' })
    expect(localSteps(events)).toEqual(['admit', 'settle'])
    expect(ports.turn(turn)).toMatchObject({ state: 'timed_out', code: 'deadline_exceeded' })
    expect(ports.turn(turn).reply?.content.text).toMatch(/^Sorry/)
  })
})

describe('a turn whose model gives no answer', () => {
  it('fails with the code when the vendor refuses for good', async () => {
    const refusal = { code: 'model_rejected' as const, retryable: false, status: 401 }
    const vendor = scriptedVendor(new ModelError('Incorrect key sk-123.', refusal))
    const ports = await bench.ports({ vendor })
    const turn = ports.accept('hello')
    const { outcome } = await bench.run(ports, turn)
    expect(outcome).toEqual({ state: 'failed' })
    expect(vendor.requests).toHaveLength(1)
    expect(ports.turn(turn)).toMatchObject({
      code: 'model_rejected',
      error: 'Incorrect key sk-123.',
      reply: { content: { text: expect.stringMatching(/^Sorry/), failed: 'model_rejected' } },
    })
  })

  it('fails after four calls when the vendor stays away', async () => {
    const vendor = scriptedVendor(unavailable())
    const ports = await bench.ports({ vendor })
    const turn = ports.accept('hello')
    const { outcome } = await bench.run(ports, turn)
    expect(outcome).toEqual({ state: 'failed' })
    expect(ports.turn(turn).code).toBe('model_unavailable')
    expect(vendor.requests).toHaveLength(4)
  })

  it('fails when a local step fails for good, as it does when a regular one does', async () => {
    const templates = { messageHandlerTemplate: '{{#if agentName}}' }
    const ports = await bench.ports({ vendor: scriptedVendor(), templates })
    const turn = ports.accept('hello')
    const { outcome, events } = await bench.run(ports, turn)
    expect(outcome).toEqual({ state: 'failed' })
    expect(ports.turn(turn)).toMatchObject({
      code: 'internal',
      error: expect.stringContaining("The template 'messageHandlerTemplate' cannot be used"),
    })
    expect(scheduledSteps(events)).toEqual(['composeState'])
  })

  it('says nothing when the apology is switched off', async () => {
    const refusal = { code: 'model_rejected' as const, retryable: false }
    const vendor = scriptedVendor(new ModelError('No.', refusal))
    const ports = await bench.ports({ vendor, settings: { apology: false } })
    const turn = ports.accept('hello')
    expect((await bench.run(ports, turn)).outcome).toEqual({ state: 'failed' })
    expect(ports.turn(turn).reply).toBeNull()
  })

  it('times out at its deadline, at most 10 s late, and aborts the call', async () => {
    const call = hangingCall()
    const ports = await bench.ports({ vendor: scriptedVendor(call.answer) })
    const deadlineAt = (await bench.env.currentTimeMs()) + 5 * MINUTE_MS
    // The clock jumps over heartbeats, which come in real time.
    const turn = ports.accept('hello', { deadlineAt, heartbeatTimeoutMs: 60 * MINUTE_MS })
    const { outcome, events } = await bench.withWorker(ports, async (worker) => {
      const started = await worker.start(turn)
      await call.began
      return started.endedAfter(5 * MINUTE_MS + 100)
    })
    await call.aborted
    expect(outcome).toEqual({ state: 'timed_out' })
    expect(ports.turn(turn).code).toBe('deadline_exceeded')
    expect(ports.turn(turn).reply?.content.text).toMatch(/^Sorry/)
    const lateMs = timeOf(events.at(-1)) - deadlineAt
    expect(lateMs).toBeGreaterThan(-1_000)
    expect(lateMs).toBeLessThan(10_000)
  })
})
