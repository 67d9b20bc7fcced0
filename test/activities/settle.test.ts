import { describe, expect, it } from '@jest/globals'
import type { Evaluator } from '../../agent/evaluator.ts'
import type { SettleInput } from '../../agent/ports.ts'
import type { JsonObject } from '../../schema/json.ts'
import type { Ending, TurnInput, TurnRef } from '../../schema/turn.ts'
import { type FakePorts, fakePorts } from '../support/fake-ports.ts'
import { composedTurn, failureOf, fakeStep, runningTurn } from '../support/fake-step.ts'
import { createLoopbackConnector } from '../support/loopback-connector.ts'
import { answerXml, scriptedVendor } from '../support/scripted-vendor.ts'

const evaluator = (name: string, more: Partial<Evaluator> = {}): Evaluator => ({
  name,
  description: name,
  handler: async () => {},
  ...more,
})

const observing = (...evaluators: Evaluator[]) => [
  { name: 'observers', description: 'Observers.', evaluators },
]

const settle = (
  ports: FakePorts,
  turn: TurnInput,
  ending: Ending = { kind: 'decided', round: 1 },
) => fakeStep(ports).run((activities) => activities.settle(turn, ending))

async function decided(
  options: Partial<Parameters<typeof fakePorts>[0]> = {},
  answer = answerXml('Hello Sam.'),
) {
  const ports = fakePorts({ vendor: scriptedVendor(answer), ...options })
  const turn = await composedTurn(ports)
  await fakeStep(ports).run((activities) => activities.decide(turn))
  return { ports, turn }
}

describe('settling a turn', () => {
  it('that was steered and then cancelled keeps what its last round said, not what it had said before', async () => {
    const { ports, turn } = await decided()
    const journaled: Record<string, JsonObject> = {
      decide: { reply: 'In red.' },
      'steer:1': { merged: [] },
      'decide:2': { reply: 'In bl', interrupted: true },
    }
    const read = async (_turn: TurnRef, step: string) => journaled[step]
    const replies: unknown[] = []
    const turns = {
      ...ports.turns,
      settle: (input: SettleInput) => {
        replies.push(input.reply?.content.text)
        return ports.turns.settle(input)
      },
    }
    const steered = { ...ports, turns, journal: { ...ports.journal, read } }
    await settle(steered, turn, { kind: 'cancelled' })
    expect(replies).toEqual(['In bl'])
  })

  it('commits what was decided and tells the readers how far the text goes', async () => {
    const { ports, turn } = await decided()
    const chunks = ports.events.length
    expect(await settle(ports, turn)).toEqual({
      state: 'replied',
      hasOutbox: false,
      evaluators: [],
    })
    expect(ports.turn(turn)).toMatchObject({
      state: 'replied',
      code: null,
      reply: {
        content: {
          text: 'Hello Sam.',
          thought: 'They greet me.',
          actions: ['REPLY'],
          inReplyTo: ports.turn(turn).loaded.messageId,
        },
        outboxSource: null,
      },
    })
    expect(ports.events.at(-1)).toEqual({
      kind: 'settled',
      ...{ gen: 1, attempt: 1, seq: chunks, state: 'replied' },
    })
  })

  it('ends a turn whose agent cannot be loaded any more, so that its room goes on', async () => {
    const { ports, turn } = await decided()
    const broken = { ...ports, agents: { get: () => Promise.reject(new Error('sealed')) } }
    expect(await settle(broken, turn, { kind: 'failed', code: 'internal' })).toEqual({
      state: 'failed',
      hasOutbox: false,
      evaluators: [],
    })
    expect(ports.turn(turn).reply?.content.text).toMatch(/^Sorry/)
  })

  it('puts the reply into the outbox of a room with a platform', async () => {
    const connector = createLoopbackConnector({ source: 'loop' })
    const { ports, turn } = await decided({ connector, room: { source: 'loop' } })
    expect(await settle(ports, turn)).toMatchObject({ state: 'replied', hasOutbox: true })
    expect(ports.rows.outbox).toMatchObject([{ source: 'loop', content: { text: 'Hello Sam.' } }])
  })

  it('replies without words when only actions were chosen', async () => {
    const handler = async () => ({ success: true })
    const dimming = { name: 'DIM', description: 'Dims.', effect: 'none' as const, handler }
    const plugins = [{ name: 'lamps', description: 'Lamps.', actions: [dimming] }]
    const { ports, turn } = await decided({ plugins }, answerXml('', 'DIM'))
    expect(await settle(ports, turn)).toMatchObject({ state: 'replied' })
    expect(ports.turn(turn).reply).toBeNull()
  })

  it('marks a reply that the model did not finish', async () => {
    const { ports, turn } = await decided({}, '<response><text>Hello S')
    await settle(ports, turn)
    expect(ports.turn(turn).reply?.content).toMatchObject({ text: 'Hello S', incomplete: true })
  })

  it('finds the outcome that stands when it is run again, and starts the next turn all the same', async () => {
    const { ports, turn } = await decided()
    const next = ports.accept('and you?')
    await settle(ports, turn)
    const again = await settle(ports, turn, { kind: 'failed', code: 'internal' })
    expect(again).toMatchObject({ state: 'replied' })
    expect(ports.turn(turn).reply?.content.text).toBe('Hello Sam.')
    expect(ports.started.map(({ turnId }) => turnId)).toEqual([next.turnId, next.turnId])
  })

  it('does not fail when the next turn cannot be started', async () => {
    const { ports, turn } = await decided()
    const next = ports.accept('and you?')
    const startHead = async () => {
      throw new Error('Temporal is away.')
    }
    const outcome = await settle({ ...ports, startHead }, turn)
    expect(outcome).toMatchObject({ state: 'replied' })
    expect(ports.warnings).toMatchObject([{ error: 'Temporal is away.' }])
    expect(ports.turn(next).state).toBe('queued')
  })

  it('says that the turn was cancelled when it was deleted', async () => {
    const ports = fakePorts({ vendor: scriptedVendor() })
    const turn = await runningTurn(ports)
    const deleted = { ...ports, turns: { ...ports.turns, settle: async () => undefined } }
    const outcome = await settle(deleted, turn, { kind: 'ignored' })
    expect(outcome).toEqual({ state: 'cancelled', hasOutbox: false, evaluators: [] })
    expect(ports.events).toEqual([])
  })

  it('is refused to an older generation', async () => {
    const ports = fakePorts({ vendor: scriptedVendor() })
    const turn = await runningTurn(ports)
    const failure = await failureOf(settle(ports, { ...turn, gen: 2 }, { kind: 'ignored' }))
    expect(failure).toMatchObject({ type: 'fenced', nonRetryable: true })
  })
})

describe('what the person and the operator hear of a bad end', () => {
  const endings: [Ending, string, string | null][] = [
    [{ kind: 'failed', code: 'model_rejected' }, 'failed', 'model_rejected'],
    [{ kind: 'failed', code: 'connector_failed' }, 'failed', 'internal'],
    [{ kind: 'timed_out' }, 'timed_out', 'deadline_exceeded'],
  ]

  it.each(endings)('is the apology and the code: %o', async (ending, state, code) => {
    const templates = { apologyTemplate: '{{agentName}} is sorry.' }
    const ports = fakePorts({ vendor: scriptedVendor(), templates })
    const turn = await runningTurn(ports)
    expect(await settle(ports, turn, ending)).toMatchObject({ state })
    expect(ports.turn(turn)).toMatchObject({
      code,
      reply: { content: { text: 'Ada is sorry.', failed: code } },
    })
  })

  it.each(['off', 'false', false])('is nothing when the apology is %s', async (apology) => {
    const ports = fakePorts({ vendor: scriptedVendor(), settings: { apology } })
    const turn = await runningTurn(ports)
    await settle(ports, turn, { kind: 'timed_out' })
    expect(ports.turn(turn)).toMatchObject({ state: 'timed_out', reply: null })
  })

  it('is nothing when the turn was cancelled', async () => {
    const ports = fakePorts({ vendor: scriptedVendor() })
    const turn = await runningTurn(ports)
    await settle(ports, turn, { kind: 'cancelled' })
    expect(ports.turn(turn)).toMatchObject({
      ...{ state: 'cancelled', code: 'cancelled_by_user', reply: null },
    })
  })
})

describe('the evaluators that are due', () => {
  it('are those whose interval has passed since they last ran in the room', async () => {
    const plugins = observing(
      evaluator('EACH'),
      evaluator('THIRD', { intervalTurns: 3 }),
      evaluator('RECENT', { intervalTurns: 3 }),
    )
    const ports = fakePorts({ vendor: scriptedVendor(answerXml('Hello.')), plugins })
    ports.rows.evaluatorRuns.set('RECENT', 1)
    const due: (readonly string[])[] = []
    for (let turns = 0; turns < 3; turns += 1) {
      const turn = await composedTurn(ports)
      await fakeStep(ports).run((activities) => activities.decide(turn))
      due.push((await settle(ports, turn)).evaluators)
    }
    expect(due).toEqual([['EACH'], ['EACH'], ['EACH', 'THIRD']])
  })

  it.each([
    { kind: 'ignored' },
    { kind: 'failed', code: 'internal' },
    { kind: 'cancelled' },
  ] as const)('are only those that always run when nothing was said: %o', async (ending) => {
    const plugins = observing(evaluator('REPLIES'), evaluator('ALL', { alwaysRun: true }))
    const ports = fakePorts({ vendor: scriptedVendor(), plugins })
    const turn = await runningTurn(ports)
    expect((await settle(ports, turn, ending)).evaluators).toEqual(['ALL'])
  })

  it('are the same when the step is run again, because its answer was lost', async () => {
    const plugins = observing(evaluator('REPLIES'), evaluator('ALL', { alwaysRun: true }))
    const replied = await decided({ plugins })
    const first = await settle(replied.ports, replied.turn)
    expect(await settle(replied.ports, replied.turn)).toEqual(first)

    const ports = fakePorts({ vendor: scriptedVendor(), plugins })
    const turn = await runningTurn(ports)
    const ignored = await settle(ports, turn, { kind: 'ignored' })
    expect(await settle(ports, turn, { kind: 'ignored' })).toEqual(ignored)
  })
})
