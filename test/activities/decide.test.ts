import { describe, expect, it } from '@jest/globals'
import type { Plugin } from '../../agent/plugin.ts'
import { type FakePortsOptions, fakePorts } from '../support/fake-ports.ts'
import { composedTurn, failureOf, fakeStep, runningTurn } from '../support/fake-step.ts'
import { answerXml, type ScriptedAnswer, scriptedVendor } from '../support/scripted-vendor.ts'

const LAMPS: Plugin = {
  name: 'lamps',
  description: 'Lamps.',
  actions: [
    { name: 'DIM', description: 'Dims.', effect: 'none', handler: async () => ({ success: true }) },
  ],
}

async function prepare(
  answers: readonly ScriptedAnswer[],
  options: Partial<FakePortsOptions> = {},
) {
  const vendor = scriptedVendor(...answers)
  const ports = fakePorts({ vendor, ...options })
  const turn = await composedTurn(ports)
  const decide = (attempt = 1) =>
    fakeStep(ports, attempt).run((activities) => activities.decide(turn))
  const shown = () => ports.events.map((event) => ('text' in event ? event.text : '')).join('')
  const journaled = () => ports.step(turn, 'decide')?.result
  return { vendor, ports, turn, decide, shown, journaled }
}

describe('deciding what to say', () => {
  it('shows the text while the model still writes it, and nothing else of the answer', async () => {
    const seen: string[] = []
    const { ports, decide, shown } = await prepare([
      async (_request, { onText }) => {
        const say = (text: string) => {
          onText(text)
          seen.push(shown())
        }
        say('<response><thought>A secret.</thought><actions>REPLY</actions><text>Hel')
        say('lo ')
        say('Sam.</text></response>')
        return answerXml('Hello Sam.')
      },
    ])
    await decide()
    expect(seen).toEqual(['Hel', 'Hello', 'Hello Sam.'])
    expect(ports.events).toMatchObject(
      ports.events.map((_, seq) => ({ kind: 'chunk', gen: 1, attempt: 1, seq })),
    )
  })

  it('tells the Workflow the names of the actions only, and the journal the rest', async () => {
    const { decide, journaled } = await prepare([answerXml('Done.', 'REPLY, dim, FLY')], {
      plugins: [LAMPS],
    })
    expect(await decide()).toEqual({ actions: ['DIM'] })
    expect(journaled()).toMatchObject({
      reply: 'Done.',
      thought: 'They greet me.',
      actions: ['DIM'],
      unknownActions: ['FLY'],
    })
  })

  it('asks the model once when it is run again after it finished', async () => {
    const { vendor, decide } = await prepare([answerXml('Hello.', 'REPLY, DIM')], {
      plugins: [LAMPS],
    })
    expect(await decide(1)).toEqual({ actions: ['DIM'] })
    expect(await decide(2)).toEqual({ actions: ['DIM'] })
    expect(vendor.requests).toHaveLength(1)
  })

  it('uses the answer that an attempt was given before it died, and shows it anew', async () => {
    const { vendor, ports, turn, decide, journaled } = await prepare([answerXml('Hello Sam.')])
    const finish = async () => {
      throw new Error('The worker was killed.')
    }
    const dying = { ...ports, journal: { ...ports.journal, finish } }
    await failureOf(fakeStep(dying).run((activities) => activities.decide(turn)))
    await decide(2)
    expect(vendor.requests).toHaveLength(1)
    expect(journaled()).toMatchObject({ reply: 'Hello Sam.', attempt: 2 })
    const again = ports.events.filter(({ attempt }) => attempt === 2)
    expect(again.map((event) => 'text' in event && event.text).join('')).toBe('Hello Sam.')
  })

  it('changes nothing when a later attempt holds the step', async () => {
    const { ports, turn, decide } = await prepare([
      async () => {
        await ports.journal.claim(
          { ...turn, runId: 'run-1', attempt: 2, token: 'run-1/activity/2' },
          { step: 'decide', beforeSettle: true },
        )
        return answerXml('Too late.')
      },
    ])
    expect(await failureOf(decide(1))).toMatchObject({ type: 'fenced', nonRetryable: true })
    expect(ports.step(turn, 'decide')).toMatchObject({ attempt: 2, state: 'pending' })
  })
})

describe('an answer that is not as the template asks', () => {
  it.each([
    ['prose', 'Hello Sam, nice to meet you.', 'Hello Sam, nice to meet you.'],
    ['in a code fence', `\`\`\`xml\n${answerXml('Hello.')}\n\`\`\``, 'Hello.'],
    ['with NUL in it', answerXml('He\u0000llo.'), 'He\uFFFDllo.'],
    ['200 KB long', answerXml('a'.repeat(200_000)), 'a'.repeat(200_000)],
  ])('is said when it is %s', async (_how, answer, said) => {
    const { decide, shown, journaled } = await prepare([answer])
    await decide()
    expect(journaled()?.reply).toBe(said)
    expect(shown()).toBe(said)
  })

  it('is said as far as it goes when it was cut in the middle, and marked', async () => {
    const cut = '<response><thought>They greet me.</thought><actions>REPLY</actions><text>Hello S'
    const { vendor, decide, shown, journaled } = await prepare([cut])
    await decide()
    expect(journaled()).toMatchObject({ reply: 'Hello S', isComplete: false })
    expect(shown()).toBe('Hello S')
    expect(vendor.requests).toHaveLength(1)
  })

  it('is asked for once more when it is empty', async () => {
    const { vendor, decide, journaled, ports } = await prepare(['', answerXml('Hello.')])
    await decide()
    expect(vendor.requests).toHaveLength(2)
    expect(vendor.requests[1]?.prompt).toBe(vendor.requests[0]?.prompt)
    expect(journaled()?.reply).toBe('Hello.')
    expect(ports.rows.calls.map(({ call, state }) => [call.call, state])).toEqual([
      [1, 'complete'],
      [2, 'complete'],
    ])
  })

  it.each([
    ['empty', '  \n', 'model_answer_empty'],
    ['unreadable', '<response><thought>Hm.</thought></response>', 'model_answer_unreadable'],
    ['broken JSON', '{"text": ', 'model_answer_unreadable'],
  ])('ends the step when it is %s twice', async (_how, answer, code) => {
    const { vendor, ports, turn, decide } = await prepare([answer])
    expect(await failureOf(decide())).toMatchObject({
      type: code,
      message: code,
      nonRetryable: true,
    })
    expect(vendor.requests).toHaveLength(2)
    expect(ports.step(turn, 'decide')).toMatchObject({
      state: 'pending',
      error: expect.any(String),
    })
    expect(ports.events).toEqual([])
  })

  it('shows nothing when the agent chose silence', async () => {
    const { decide, shown, journaled } = await prepare([answerXml('Not for you.', 'IGNORE')])
    expect(await decide()).toEqual({ actions: [] })
    expect(journaled()).toMatchObject({ ignored: true, reply: null })
    expect(shown()).toBe('')
  })
})

describe('deciding without a prompt', () => {
  it('fails and says what is missing', async () => {
    const ports = fakePorts({ vendor: scriptedVendor() })
    const turn = await runningTurn(ports)
    const failure = await failureOf(fakeStep(ports).run((activities) => activities.decide(turn)))
    expect(failure).toMatchObject({ type: 'internal' })
    expect(ports.step(turn, 'decide')?.error).toContain('composeState must run first')
  })
})
