import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { ModelError } from '../../agent/errors.ts'
import type { CallOptions, ModelVendor } from '../../agent/models.ts'
import { KEY } from './conformance-request.ts'
import type { StubVendor, VendorSubject } from './vendor-under-test.ts'

type Method = 'embed' | 'draw' | 'transcribe' | 'speak'
const METHODS: readonly Method[] = ['embed', 'draw', 'transcribe', 'speak']

/** A call of each method; undefined where the vendor does not have it. */
const CALLS: Readonly<
  Record<Method, (vendor: ModelVendor, options: CallOptions) => Promise<unknown> | undefined>
> = {
  embed: (vendor, options) => vendor.embed?.({ model: 'test-model', texts: ['a', 'b'] }, options),
  draw: (vendor, options) => vendor.draw?.({ model: 'test-model', prompt: 'A boat.' }, options),
  transcribe: (vendor, options) =>
    vendor.transcribe?.(
      { model: 'test-model', audio: Buffer.from('moo'), mimeType: 'audio/ogg; codecs=opus' },
      options,
    ),
  speak: (vendor, options) => vendor.speak?.({ model: 'test-model', text: 'Moo.' }, options),
}

/** Vectors, pictures, transcriptions and speech, by the rules of `StubVendor`. */
export function describeMedia({ name, create, start, offers, errors }: VendorSubject): void {
  describe(`what ${name} does besides text`, () => {
    let stub: StubVendor
    beforeEach(async () => {
      stub = await start()
    })
    afterEach(() => stub.close())

    const vendor = () => create({ baseUrl: stub.baseUrl, apiKey: KEY })
    const options = (): CallOptions => ({ signal: new AbortController().signal })

    it('is what was declared', () => {
      const given = METHODS.filter((method) => vendor()[method] !== undefined)
      expect(given).toEqual(METHODS.filter((method) => offers[method]))
    })

    const offered = METHODS.filter((method) => offers[method])
    if (offered.length === 0) return

    it.each(offered)('fails like text does, and is asked for once: %s', async (method) => {
      const error = errors.includes('rate-limit') ? 'rate-limit' : 'server-error'
      stub.answer({ kind: 'error', error, retryAfterSeconds: 3 })
      await expect(CALLS[method](vendor(), options())).rejects.toMatchObject({
        code: 'model_unavailable',
        retryable: true,
        retryAfterMs: 3_000,
      })
      expect(stub.requests()).toHaveLength(1)
    })

    it.each(offered)('takes no page and no other document for an answer: %s', async (method) => {
      for (const answer of [{ kind: 'page', status: 200 }, { kind: 'other-json' }] as const) {
        stub.answer(answer)
        const outcome = await CALLS[method](vendor(), options())?.catch((error: unknown) => error)
        expect(outcome).toBeInstanceOf(ModelError)
        expect(outcome).toMatchObject({ code: 'model_rejected', retryable: false })
      }
    })

    it.each(offered)('ends at once when its signal is aborted: %s', async (method) => {
      stub.answer({ kind: 'silence' })
      const controller = new AbortController()
      const call = CALLS[method](vendor(), controller)
      const reason = new Error('cancelled')
      await stub.received(1)
      controller.abort(reason)
      await expect(call).rejects.toBe(reason)
      expect((await stub.ended(1)).state).toBe('aborted')
    })

    it.each(offered)('asks for nothing when its signal was aborted before: %s', async (method) => {
      const reason = new Error('cancelled before')
      const call = CALLS[method](vendor(), { signal: AbortSignal.abort(reason) })
      await expect(call).rejects.toBe(reason)
      expect(stub.requests()).toEqual([])
    })

    if (offers.embed) {
      it('gives each text its vector', async () => {
        const request = { model: 'test-model', texts: ['a', 'ccc', 'bb'] }
        const result = await vendor().embed?.(request, options())
        expect(result?.vectors.map(([length]) => length)).toEqual([1, 3, 2])
      })

      it('asks for nothing when there is no text', async () => {
        const result = await vendor().embed?.({ model: 'test-model', texts: [] }, options())
        expect(result?.vectors).toEqual([])
        expect(stub.requests()).toEqual([])
      })
    }

    if (offers.draw) {
      it('draws a picture that has an address', async () => {
        const request = { model: 'test-model', prompt: 'A boat.', size: '1024x1024' }
        const result = await vendor().draw?.(request, options())
        expect(result?.images).toHaveLength(1)
        expect(result?.images[0]?.url).toMatch(/^(?:https:\/\/|data:image\/\w+;base64,)/)
        expect(JSON.stringify(stub.requests()[0]?.body)).toContain('A boat.')
      })
    }

    if (offers.transcribe) {
      it('writes down what was said', async () => {
        stub.answer({ kind: 'text', chunks: ['Hello ', 'there.'] })
        const result = await CALLS.transcribe(vendor(), options())
        expect(result).toMatchObject({ text: 'Hello there.', finishReason: 'stop' })
      })
    }

    if (offers.speak) {
      it('speaks, and says in which format', async () => {
        const request = { model: 'test-model', text: 'Moo.', voice: 'somebody' }
        const result = await vendor().speak?.(request, options())
        expect(Buffer.from(result?.audio ?? []).toString('latin1')).toContain('stub-audio')
        expect(result?.mimeType).toMatch(/^audio\//)
        expect(JSON.stringify(stub.requests()[0]?.body)).toContain('somebody')
      })
    }
  })
}
