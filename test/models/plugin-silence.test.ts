import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import type { GenerateOptions, ModelHandler, ModelPurpose } from '../../agent/models.ts'
import { pluginVendor } from '../../models/plugin-vendor.ts'
import { quietly, REQUEST } from './vendor-conformance.ts'

const never = new Promise<never>(() => undefined)

const vendorOf = (handler: ModelHandler['handler'], purpose: ModelPurpose = 'TEXT_LARGE') =>
  pluginVendor({ plugin: 'acme', purpose, priority: 0, handler })

/** How a call ended; undefined as long as it has not. */
function watched(call: Promise<unknown> | undefined): () => unknown {
  let outcome: unknown
  const note = (value: unknown) => {
    outcome = value
  }
  call?.then(note, note)
  return () => outcome
}

const silentFor = (seconds: number, purpose: ModelPurpose = 'TEXT_LARGE') => ({
  ...{ name: 'ModelError', code: 'model_unavailable', retryable: true },
  message: expect.stringMatching(
    new RegExp(`^The plugin 'acme' sent nothing for ${seconds} s .*${purpose}`),
  ),
})

beforeEach(() => {
  jest.useFakeTimers()
})
afterEach(() => {
  jest.useRealTimers()
})
const pass = (seconds: number) => jest.advanceTimersByTimeAsync(seconds * 1_000)

describe('a plugin’s model that falls silent', () => {
  it('is given up after 90 s without an answer, and told so', async () => {
    let given: AbortSignal | undefined
    const handler = (_: unknown, { signal }: GenerateOptions) => {
      given = signal
      return never
    }
    const outcome = watched(vendorOf(handler).generate(REQUEST, quietly()))
    await pass(89)
    expect(outcome()).toBeUndefined()
    expect(given?.aborted).toBe(false)
    await pass(1)
    expect(outcome()).toMatchObject(silentFor(90))
    expect(given?.aborted).toBe(true)
  })

  it('may think three times as long where it shall reason', async () => {
    const vendor = vendorOf(() => never, 'REASONING_LARGE')
    const outcome = watched(vendor.generate(REQUEST, quietly()))
    await pass(269)
    expect(outcome()).toBeUndefined()
    await pass(1)
    expect(outcome()).toMatchObject(silentFor(270, 'REASONING_LARGE'))
  })

  it('is given up after 30 s between two pieces, which stay', async () => {
    const pieces: string[] = []
    async function* stream() {
      await new Promise((resolve) => setTimeout(resolve, 80_000))
      yield 'Hel'
      await new Promise((resolve) => setTimeout(resolve, 29_000))
      yield 'lo'
      await never
    }
    const vendor = vendorOf(async () => ({ textStream: stream() }))
    const onText = (delta: string) => pieces.push(delta)
    const outcome = watched(vendor.generate(REQUEST, { ...quietly(), onText }))
    await pass(80 + 29 + 29)
    expect(outcome()).toBeUndefined()
    await pass(1)
    expect(outcome()).toMatchObject(silentFor(30))
    expect(pieces).toEqual(['Hel', 'lo'])
  })

  it('is heard where it says its pieces while it works', async () => {
    const handler = async (_: unknown, { onText }: GenerateOptions) => {
      for (const piece of ['Hel', 'lo']) {
        await new Promise((resolve) => setTimeout(resolve, 29_000))
        onText(piece)
      }
      return never
    }
    const outcome = watched(vendorOf(handler).generate(REQUEST, quietly()))
    await pass(29 + 29 + 29)
    expect(outcome()).toBeUndefined()
    await pass(1)
    expect(outcome()).toMatchObject(silentFor(30))
  })

  it.each([
    ['embed', 'TEXT_EMBEDDING', { model: '', texts: ['a'] }],
    ['draw', 'IMAGE', { model: '', prompt: 'A cat' }],
    ['transcribe', 'TRANSCRIPTION', { model: '', audio: Buffer.from('m'), mimeType: 'audio/ogg' }],
    ['speak', 'TEXT_TO_SPEECH', { model: '', text: 'Moo' }],
  ] as const)('has 180 s for what comes in one piece: %s', async (method, purpose, request) => {
    const vendor = vendorOf(() => never, purpose)
    const ask: (request: never, options: GenerateOptions) => Promise<unknown> =
      vendor[method] ?? (() => never)
    // Each request is the one of its method.
    const outcome = watched(ask(request as never, quietly()))
    await pass(179)
    expect(outcome()).toBeUndefined()
    await pass(1)
    expect(outcome()).toMatchObject(silentFor(180, purpose))
  })

  it('is given up between two pieces of speech, too', async () => {
    async function* stream() {
      yield Buffer.from('ID3')
      await never
    }
    const vendor = vendorOf(async () => stream(), 'TEXT_TO_SPEECH')
    const outcome = watched(vendor.speak?.({ model: '', text: 'Moo' }, quietly()))
    await pass(30)
    expect(outcome()).toMatchObject(silentFor(30, 'TEXT_TO_SPEECH'))
  })

  it('leaves no clock behind when it answers', async () => {
    await vendorOf(async () => 'Hello.').generate(REQUEST, quietly())
    expect(jest.getTimerCount()).toBe(0)
  })
})
