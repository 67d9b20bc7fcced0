import { describe, expect, it } from '@jest/globals'
import { ModelError } from '../../agent/errors.ts'
import type { ModelResult } from '../../agent/models.ts'
import type { Plugin } from '../../agent/plugin.ts'
import { type FakePortsOptions, fakePorts } from '../support/fake-ports.ts'
import { composedTurn, failureOf, fakeStep } from '../support/fake-step.ts'
import { answerXml, type ScriptedAnswer, scriptedVendor } from '../support/scripted-vendor.ts'

const LAMPS: Plugin = {
  name: 'lamps',
  description: 'Lamps.',
  actions: [
    {
      ...{ name: 'DIM', description: 'Dims.', effect: 'none' },
      parameters: [{ name: 'room', description: 'Which.', required: true }],
      handler: async () => ({ success: true }),
    },
  ],
}
const usage = { inputTokens: 10, outputTokens: 5 }
const down = () => new ModelError('It is down.', { code: 'model_unavailable', retryable: true })

async function prepare(
  answers: readonly ScriptedAnswer[],
  options: Partial<FakePortsOptions> = {},
) {
  const vendor = scriptedVendor(...answers)
  const ports = fakePorts({ vendor, plugins: [LAMPS], ...options })
  const turn = await composedTurn(ports)
  const decide = (attempt = 1) =>
    fakeStep(ports, attempt).run((activities) => activities.decide(turn))
  const shown = () => ports.events.map((event) => ('text' in event ? event.text : '')).join('')
  const journaled = () => ports.step(turn, 'decide')?.result
  return { vendor, ports, turn, decide, shown, journaled }
}

const called =
  (text: string, toolCalls: ModelResult['toolCalls']): ScriptedAnswer =>
  async (_request, { onText }) => {
    if (text !== '') onText(text)
    return { text, toolCalls, finishReason: 'tool-calls', usage, cost: null }
  }

describe('a decision by tools', () => {
  const settings = { decision: 'tools' }

  it('offers the actions as tools, shows the text and journals what a decision in XML would', async () => {
    const call = { name: 'DIM', arguments: { room: 'the <kitchen>' } }
    const { vendor, decide, shown, journaled } = await prepare(
      [called('I dim it & wait.', [call])],
      {
        settings,
      },
    )
    expect(await decide()).toEqual({ actions: ['DIM'] })
    expect(vendor.requests[0]?.tools).toContainEqual(expect.objectContaining({ name: 'DIM' }))
    expect(vendor.requests[0]?.prompt).not.toContain('<response_format>')
    expect(shown()).toBe('I dim it & wait.')
    expect(journaled()).toMatchObject({
      ...{ reply: 'I dim it & wait.', actions: ['DIM'], isComplete: true },
      parameters: { DIM: { room: 'the <kitchen>' } },
    })
  })

  it('names a tool that nobody offered, and leaves it at that', async () => {
    const call = { name: 'FLY', arguments: {} }
    const { decide, journaled } = await prepare([called('Up I go.', [call])], { settings })
    expect(await decide()).toEqual({ actions: [] })
    expect(journaled()).toMatchObject({ reply: 'Up I go.', unknownActions: ['FLY'] })
  })

  it('says which parameters could not be read', async () => {
    const call = { name: 'DIM', arguments: undefined }
    const { decide, journaled } = await prepare([called('I dim it.', [call])], { settings })
    expect(await decide()).toEqual({ actions: ['DIM'] })
    expect(journaled()).toMatchObject({ parametersFault: expect.stringContaining('DIM') })
  })

  it('says nothing when the model ignores the message', async () => {
    const ignore = { name: 'IGNORE', arguments: {} }
    const { decide, shown, journaled } = await prepare([called('', [ignore])], { settings })
    expect(await decide()).toEqual({ actions: [] })
    expect([shown(), journaled()?.ignored]).toEqual(['', true])
  })

  it('is not broken when the continuation only calls what the text announced', async () => {
    const { decide, journaled } = await prepare(
      [
        async (_request, { onText }) => {
          onText('I dim it.')
          throw down()
        },
        called('', [{ name: 'DIM', arguments: { room: 'hall' } }]),
      ],
      { settings },
    )
    expect(await decide()).toEqual({ actions: ['DIM'] })
    expect(journaled()).toMatchObject({ reply: 'I dim it.', isComplete: true })
  })

  it('is continued in tools, too, when its stream dies', async () => {
    const { decide, shown, journaled, vendor } = await prepare(
      [
        async (_request, { onText }) => {
          onText('Once upon a time')
          throw down()
        },
        called(' there was a lamp.', [{ name: 'DIM', arguments: { room: 'hall' } }]),
      ],
      { settings },
    )
    expect(await decide()).toEqual({ actions: ['DIM'] })
    expect(shown()).toBe('Once upon a time there was a lamp.')
    expect(journaled()).toMatchObject({ reply: 'Once upon a time there was a lamp.' })
    expect(vendor.requests[1]?.tools).toHaveLength(vendor.requests[0]?.tools?.length ?? -1)
  })
})

describe('a decision', () => {
  it('that the vendor refuses ends the step at once, with what to do', async () => {
    const refused: ScriptedAnswer = async () => ({
      ...{ text: '', finishReason: 'content-filter', usage, cost: null },
    })
    const { vendor, turn, ports, decide } = await prepare([refused])
    const failure = await failureOf(decide())
    expect(failure).toMatchObject({ type: 'model_refused', nonRetryable: true })
    expect(ports.step(turn, 'decide')?.error).toContain('content filter')
    expect(vendor.requests).toHaveLength(1)
  })

  it('whose stream died for good keeps what was said, and is marked as incomplete', async () => {
    const { decide, journaled, shown } = await prepare([
      async (_request, { onText }) => {
        onText('<response><thought>A tale.</thought><actions>REPLY</actions><text>Once upon')
        throw down()
      },
      new ModelError('The key is wrong.', { code: 'model_rejected', retryable: false }),
    ])
    expect(await decide()).toEqual({ actions: [] })
    expect(journaled()).toMatchObject({ reply: 'Once upon', isComplete: false })
    expect(shown()).toBe('Once upon')
  })

  it('shows one answer, also when a first one was visible and could not be read', async () => {
    const odd = '<response><text>Let me see.</text></response><response><thought>Hm.'
    const { decide, shown, journaled } = await prepare([odd, answerXml('The answer is 4.')])
    await decide()
    if (journaled()?.reply === 'The answer is 4.') expect(shown()).toBe('Let me see.')
    else expect(shown()).toBe(journaled()?.reply)
  })

  it('is stored whatever escapes are in its parameters', async () => {
    const params = '<params>{"DIM": {"room": "a\\u0000b\\ud800"}}</params>'
    const xml = answerXml('Done.', 'REPLY, DIM').replace('<text>', `${params}<text>`)
    const { decide, journaled } = await prepare([xml])
    await decide()
    expect(journaled()?.parameters).toEqual({ DIM: { room: 'a\uFFFDb\uFFFD' } })
  })
})
