import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { ModelError } from '../../agent/errors.ts'
import type { ModelRequest, ModelResult } from '../../agent/models.ts'
import { KEY, quietly, REQUEST } from './conformance-request.ts'
import type { ScriptedText, StubVendor, TestedLimits, VendorSubject } from './vendor-under-test.ts'

/** What becomes of answers that are answers. */
export function describeStream({ name, create, start, offers, model }: VendorSubject): void {
  describe(`an answer of ${name}`, () => {
    let stub: StubVendor
    beforeEach(async () => {
      stub = await start()
    })
    afterEach(() => stub.close())

    const pieces: string[] = []
    const ask = (
      limits: TestedLimits = {},
      more: Partial<ModelRequest> = {},
    ): Promise<ModelResult> => {
      pieces.length = 0
      const vendor = create({ baseUrl: stub.baseUrl, apiKey: KEY }, limits)
      const onText = (delta: string) => void pieces.push(delta)
      return vendor.generate({ ...REQUEST, model, ...more }, { ...quietly(), onText })
    }
    const say = (answer: Omit<ScriptedText, 'kind'>) => stub.answer({ kind: 'text', ...answer })

    it('is handed out while the vendor is still holding back the rest', async () => {
      const rest = Promise.withResolvers<void>()
      const first = Promise.withResolvers<void>()
      const events: string[] = []
      say({ chunks: ['Hello ', 'world'], hold: rest.promise })
      const call = create({ baseUrl: stub.baseUrl, apiKey: KEY }).generate(
        { ...REQUEST, model },
        {
          ...quietly(),
          onText(delta) {
            events.push(delta)
            first.resolve()
          },
        },
      )
      await first.promise
      events.push('the vendor goes on')
      rest.resolve()
      await call
      expect(events).toEqual(['Hello ', 'the vendor goes on', 'world'])
    })

    it('keeps an emoji whole that arrives in two halves, and replaces what cannot be stored', async () => {
      // As text of a frame a lone half can only be written as an escape, which is how vendors do it.
      say({ chunks: ['a', '\uD83D', '\uDE00b', '\u0000', 'c', '\uD83D'] })
      expect((await ask()).text).toBe('a😀b\uFFFDc\uFFFD')
      expect(pieces.join('')).toBe('a😀b\uFFFDc\uFFFD')
      expect(pieces.every((piece) => piece.isWellFormed())).toBe(true)
    })

    it('says what it has used', async () => {
      say({ chunks: ['Fine.'], usage: { input: 1_200, output: 7 } })
      expect((await ask()).usage).toMatchObject({ inputTokens: 1_200, outputTokens: 7 })
    })

    it(
      offers.cachedTokens ? 'says what of it came from a cache' : 'says nothing of a cache',
      async () => {
        say({ chunks: ['Fine.'], usage: { input: 1_200, output: 7, cached: 1_024 } })
        const { usage } = await ask()
        expect(usage?.inputTokens).toBe(1_200)
        expect(usage?.cachedTokens).toBe(offers.cachedTokens ? 1_024 : undefined)
      },
    )

    it.each(['none', 'zero'] as const)('has no usage when the vendor sends %s', async (usage) => {
      say({ chunks: ['Fine.'], usage })
      const result = await ask()
      expect(result.text).toBe('Fine.')
      expect(result.usage).toBeUndefined()
    })

    it.each([-7, 1.5, 2e9, 1e300])(
      'has no usage when the vendor counts %d tokens',
      async (count) => {
        for (const wrong of [{ input: count }, { output: count }]) {
          say({ chunks: ['Fine.'], usage: { input: 7, output: 2, ...wrong } })
          expect((await ask()).usage).toBeUndefined()
        }
      },
    )

    it.each([
      ['stop', 'stop'],
      ['length', 'length'],
      ['content-filter', 'content-filter'],
      ['none', 'unknown'],
    ] as const)('that ends with %s is known to have ended with %s', async (finish, expected) => {
      say({ chunks: ['So it is.'], finish })
      expect(await ask()).toMatchObject({ text: 'So it is.', finishReason: expected })
    })

    it('that a proxy ends in the middle fails, or has no reason and no usage to be found out by', async () => {
      say({ chunks: ['So it '], ending: 'cut', usage: { input: 12, output: 2 } })
      const outcome: unknown = await ask().catch((error: unknown) => error)
      expect(pieces.join('')).toBe('So it ')
      if (outcome instanceof ModelError) return expect(outcome.retryable).toBe(true)
      expect(outcome).toEqual({ text: 'So it ', finishReason: 'unknown', cost: null })
    })

    it('may be empty', async () => {
      say({ chunks: [] })
      expect(await ask()).toMatchObject({ text: '', finishReason: 'stop' })
      expect(pieces).toEqual([])
    })

    it('in which the model declines is finished, and known to be that', async () => {
      stub.answer({ kind: 'refusal', text: 'I cannot help with that.' })
      const { finishReason, text } = await ask()
      expect(finishReason).toBe('content-filter')
      expect(pieces.join('')).toBe(text)
    })

    it('of 200 KB arrives as it is', async () => {
      const long = Array.from({ length: 50 }, (_, i) => `${i} `.repeat(1_500))
      say({ chunks: long })
      expect((await ask()).text).toBe(long.join(''))
    })

    it('without end is read up to the limit, and hung up on', async () => {
      say({ chunks: ['x'.repeat(60)], ending: 'endless' })
      expect(await ask({ maxAnswerLength: 250 })).toMatchObject({
        text: 'x'.repeat(250),
        finishReason: 'length',
      })
      expect((await stub.ended(1)).state).toBe('aborted')
    })

    it('that is slow but not silent is waited for', async () => {
      say({ chunks: ['a', 'b', 'c', 'd', 'e'], pauseMs: 40 })
      expect((await ask({ firstChunkMs: 2_000, nextChunkMs: 2_000 })).text).toBe('abcde')
    })

    it('leaves the error of a listener as it is', async () => {
      say({ chunks: ['a', 'b'] })
      const broken = new Error('the listener broke')
      const call = create({ baseUrl: stub.baseUrl, apiKey: KEY }).generate(
        { ...REQUEST, model },
        {
          ...quietly(),
          onText() {
            throw broken
          },
        },
      )
      await expect(call).rejects.toBe(broken)
    })

    it('that has not begun ends with the reason of a signal, and the vendor notices', async () => {
      stub.answer({ kind: 'silence' })
      const controller = new AbortController()
      const call = create({ baseUrl: stub.baseUrl, apiKey: KEY }).generate(
        { ...REQUEST, model },
        { ...quietly(), signal: controller.signal },
      )
      await stub.received(1)
      const reason = new Error('cancelled while waiting')
      controller.abort(reason)
      await expect(call).rejects.toBe(reason)
      expect((await stub.ended(1)).state).toBe('aborted')
    })

    if (!offers.tools) return describeNoTools()

    const TOOL = {
      name: 'send_letter',
      description: 'Sends a letter.',
      parameters: { type: 'object', properties: { to: { type: 'string' } }, required: ['to'] },
    }

    it('that calls tools is put together from its pieces', async () => {
      stub.answer({
        kind: 'tools',
        text: 'At once.',
        calls: [
          { name: 'send_letter', pieces: ['{"to": "S', 'am 😀"', '}'] },
          { name: 'wait', pieces: ['{}'] },
        ],
      })
      const result = await ask({}, { tools: [TOOL, { ...TOOL, name: 'wait' }] })
      expect(result).toMatchObject({ text: 'At once.', finishReason: 'tool-calls' })
      expect(result.toolCalls).toEqual([
        { name: 'send_letter', arguments: { to: 'Sam 😀' } },
        { name: 'wait', arguments: {} },
      ])
      expect(JSON.stringify(stub.requests()[0]?.body)).toContain('Sends a letter.')
    })

    it('that calls a tool that nobody offered says so all the same', async () => {
      stub.answer({ kind: 'tools', calls: [{ name: 'launch', pieces: ['{"at":1}'] }] })
      const { toolCalls } = await ask({}, { tools: [TOOL] })
      expect(toolCalls).toEqual([{ name: 'launch', arguments: { at: 1 } }])
    })

    it('that calls a tool in characters that cannot be stored has others in their places', async () => {
      const pieces = ['{"t\\u0000o": ["S\\u0000am ', '\\ud83d", "\\ud83d', '\\ude00"]}']
      stub.answer({ kind: 'tools', calls: [{ name: 'send\u0000\ud83d', pieces }] })
      expect((await ask({}, { tools: [TOOL] })).toolCalls).toEqual([
        { name: 'send\uFFFD\uFFFD', arguments: { 't\uFFFDo': ['S\uFFFDam \uFFFD', '😀'] } },
      ])
    })

    it('that calls tools without end is read up to the limit, and hung up on', async () => {
      stub.answer({ kind: 'endless-tools' })
      const { finishReason } = await ask({ maxAnswerLength: 250 }, { tools: [TOOL] })
      expect(finishReason).toBe('length')
      expect((await stub.ended(1)).state).toBe('aborted')
    })

    function describeNoTools(): void {
      it('is declared to call no tools', async () => {
        expect((await ask()).toolCalls).toBeUndefined()
      })
    }
  })
}
