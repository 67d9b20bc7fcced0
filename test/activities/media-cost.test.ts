import { describe, expect, it } from '@jest/globals'
import { callModel } from '../../activities/call-model.ts'
import { callDrawing } from '../../activities/draw.ts'
import { callSpeech } from '../../activities/speak.ts'
import { callTranscription } from '../../activities/transcribe.ts'
import type { CallAnswer, CallEnd, LedgerCall } from '../../agent/ledger.ts'
import type { ModelCard, ModelVendor } from '../../agent/models.ts'
import { fakePorts } from '../support/fake-ports.ts'
import { failureOf } from '../support/fake-step.ts'
import { CARD, resolved } from '../support/resolved-model.ts'
import { hangingCall, scriptedVendor } from '../support/scripted-vendor.ts'

const PRICED: ModelCard = { ...CARD, maxOutputTokens: 2_000, price: { input: 1, output: 10 } }
const TOKENS = { per: 'agent', period: 'day', tokens: 1_000_000 }

interface Options extends Partial<ModelVendor> {
  readonly model?: string
  readonly card?: Partial<ModelCard>
  readonly budgets?: readonly object[]
}

/** A vendor behind a budget of tokens, and what the ledger hears. */
function prepare({ model = 'm', card = {}, budgets = [TOKENS], ...offers }: Options = {}) {
  const vendor = { ...scriptedVendor('A fox.'), ...offers }
  const fake = fakePorts({ vendor, settings: { budgets } })
  const opened: LedgerCall[] = []
  const ends: (CallAnswer | CallEnd)[] = []
  const ports = {
    ...fake,
    models: {
      ...fake.models,
      chain: async () => [resolved(vendor, { model, card: { ...PRICED, ...card } })],
    },
    ledger: {
      ...fake.ledger,
      async open(call: LedgerCall) {
        opened.push(call)
        return fake.ledger.open(call)
      },
      async complete(call: LedgerCall, answer: CallAnswer) {
        ends.push(answer)
        await fake.ledger.complete(call, answer)
      },
      async end(call: LedgerCall, end: CallEnd) {
        ends.push(end)
        await fake.ledger.end(call, end)
      },
    },
  }
  const aborter = new AbortController()
  const call = {
    ...{ attempt: null, step: 'test', call: 1, agent: fake.agent, subject: {} },
    ...{ signal: aborter.signal, deadlineAt: Date.now() + 60_000 },
  }
  const reserved = () => opened[0]?.budget?.lines[0]?.amount
  const used = () => [...fake.rows.usage.values()][0]
  return { ports, call, aborter, vendor, opened, ends, reserved, used }
}

const picture = { url: 'https://pictures.test/1.png' }
const sound = { audio: new Uint8Array([1]), mimeType: 'audio/mpeg' }
const draw = async () => ({ images: [picture], cost: null })
const speak = async () => ({ ...sound, cost: null })
const usage = { inputTokens: 10, outputTokens: 100 }

describe('what a picture or speech cost', () => {
  it('is not known without the vendor’s count: the price of the text alone would look like all', async () => {
    const drawn = prepare({ draw })
    await callDrawing(drawn.ports, { ...drawn.call, drawing: { prompt: 'a fox' } })
    const said = prepare({ speak })
    await callSpeech(said.ports, { ...said.call, speech: { text: 'Hello.' } })
    expect([drawn.ends, said.ends]).toMatchObject([[{ cost: null }], [{ cost: null }]])
    expect([drawn.used(), said.used()]).toEqual([drawn.reserved(), said.reserved()])
  })

  it('is the vendor’s count at the list’s price, or its own word', async () => {
    const counted = prepare({ draw: async () => ({ ...(await draw()), usage }) })
    await callDrawing(counted.ports, { ...counted.call, drawing: { prompt: 'a fox' } })
    expect(counted.ends[0]?.cost).toBeCloseTo(0.00101, 8)
    expect(counted.used()).toBe(110)
    const told = prepare({ speak: async () => ({ ...(await speak()), cost: 0.5 }) })
    await callSpeech(told.ports, { ...told.call, speech: { text: 'Hello.' } })
    expect(told.ends[0]?.cost).toBe(0.5)
  })

  it.each(['draw', 'speak'] as const)('stays reserved when it is aborted: %s', async (method) => {
    const hanging = hangingCall()
    const bench = prepare({
      [method]: (_: unknown, { signal }: { signal: AbortSignal }) => hanging.hang(signal),
    })
    const { ports, call, aborter } = bench
    const asked = failureOf(
      method === 'draw'
        ? callDrawing(ports, { ...call, drawing: { prompt: 'a fox' } })
        : callSpeech(ports, { ...call, speech: { text: 'Hello.' } }),
    )
    await hanging.began
    aborter.abort(new Error('They hung up.'))
    await asked
    expect(bench.ends).toMatchObject([{ state: 'cut', cost: null }])
    expect(bench.used()).toBe(bench.reserved())
  })
})

describe('what a budget reserves', () => {
  it('is so much for each picture that is drawn, whatever the longest text of the model is', async () => {
    const reservedFor = async (count?: number) => {
      const { ports, call, reserved } = prepare({ draw })
      await callDrawing(ports, { ...call, drawing: { prompt: 'a fox', count } })
      return reserved() ?? 0
    }
    expect(await reservedFor()).toBeGreaterThanOrEqual(10_000)
    expect(await reservedFor(4)).toBeGreaterThanOrEqual(40_000)
  })

  it('is by the length of a text that is said, more where it is said slowly', async () => {
    const reservedFor = async (length: number, speed?: number) => {
      const { ports, call, reserved } = prepare({ speak })
      await callSpeech(ports, { ...call, speech: { text: 'x'.repeat(length), speed } })
      return reserved() ?? 0
    }
    expect(await reservedFor(10)).toBeLessThan(1_000)
    // A second for four signs, 32 tokens a second.
    expect(await reservedFor(4_000)).toBeGreaterThan((4_000 / 4) * 32)
    expect(await reservedFor(4_000, 0.5)).toBeGreaterThan((8_000 / 4) * 32)
    expect(await reservedFor(4_000, 4)).toBe(await reservedFor(4_000))
  })

  it('is by the bytes of a recording, and no more than the model can read', async () => {
    const heard = async (bytes: number) => {
      const bench = prepare({
        card: { contextTokens: 16_000 },
        transcribe: async () => ({ text: 'Hi.', finishReason: 'stop', usage, cost: null }),
      })
      const recording = { audio: new Uint8Array(bytes), mimeType: 'audio/ogg' }
      expect(await callTranscription(bench.ports, { ...bench.call, ...recording })).toBe('Hi.')
      return bench.opened[0]?.inputTokens
    }
    // 50 more for what the wire adds.
    expect(await heard(75_000)).toBe(1_050)
    expect(await heard(25_000_000)).toBe(16_050)
  })

  it.each([
    ['gpt-5.4', [TOKENS], 9_000],
    ['gpt-4o-mini', [TOKENS], 48_200],
    ['openai/gpt-4o-mini-2024-07-18', [TOKENS], 48_200],
    ['gpt-4o-mini', [], 2_500],
  ])('for a picture that %s looks at is the most it may count', async (model, budgets, tokens) => {
    const { ports, call, opened } = prepare({ model, budgets })
    const look = { kind: 'url', url: picture.url } as const
    const params = { prompt: '', images: [look, look] }
    await callModel(ports, { ...call, purpose: 'IMAGE_DESCRIPTION', params })
    expect(opened[0]?.inputTokens).toBe(2 * tokens + (budgets.length > 0 ? 50 : 0))
  })

  it('refuses nobody for the guess that a picture is', async () => {
    const { ports, call } = prepare({ card: { contextTokens: 8_000 } })
    const params = { prompt: 'What is it?', images: [{ kind: 'url', url: picture.url } as const] }
    const answer = await callModel(ports, { ...call, purpose: 'IMAGE_DESCRIPTION', params })
    expect(answer.text).toBe('A fox.')
  })
})
