import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { ModelRequest, ModelVendor } from '../../agent/models.ts'

/** A vendor, and how the suite watches it. */
export interface VendorUnderTest {
  readonly vendor: ModelVendor
  /** A vendor whose answers take seconds, so that they can be aborted in the middle. */
  readonly slowVendor: ModelVendor
  /** Resolves once the vendor's side has noticed that the `n`th call was aborted. */
  readonly noticedAbort?: (n: number) => Promise<boolean>
  readonly close: () => Promise<void>
}

export const PROMPT = `<agent_name>Ada</agent_name>
<conversation>
Sam: Hello!
Ada: Hello Sam.
</conversation>
<message_to_answer>
I need a holiday & some <rest>.
</message_to_answer>
`

export const REQUEST: ModelRequest = {
  model: 'test-model',
  purpose: 'TEXT_LARGE',
  system: 'You are Ada.',
  prompt: PROMPT,
}

const PATIENCE_MS = 100

/** What every vendor promises (agent/models.ts). */
export function describeVendor(name: string, start: () => Promise<VendorUnderTest>): void {
  describe(`the ${name} vendor`, () => {
    let under: VendorUnderTest
    beforeEach(async () => {
      under = await start()
    })
    afterEach(() => under.close())

    it('hands out its answer in pieces that add up to the text it returns', async () => {
      const pieces: string[] = []
      const result = await under.slowVendor.generate(REQUEST, {
        signal: new AbortController().signal,
        onText: (delta) => pieces.push(delta),
      })
      expect(pieces.length).toBeGreaterThan(1)
      expect(pieces.join('')).toBe(result.text)
    })

    it('answers a message in the XML of a reply, and counts what it used', async () => {
      const result = await under.vendor.generate(REQUEST, quietly())
      expect(result.text).toMatch(/^<response>.*<actions>REPLY<\/actions>.*<\/response>$/s)
      expect(result.text).toMatch(/<text>[^<]+<\/text>/)
      expect(result.finishReason).toBe('stop')
      expect(result.usage?.inputTokens).toBeGreaterThan(10)
      expect(result.usage?.outputTokens).toBeGreaterThan(3)
    })

    it('hands out nothing and rejects with the reason of a signal that was aborted before', async () => {
      const reason = new Error('cancelled before the call')
      const pieces: string[] = []
      const call = under.vendor.generate(REQUEST, {
        signal: AbortSignal.abort(reason),
        onText: (delta) => pieces.push(delta),
      })
      await expect(call).rejects.toBe(reason)
      expect(pieces).toEqual([])
    })

    it('ends at once with the reason of a signal that is aborted in the middle', async () => {
      const controller = new AbortController()
      const reason = new Error('cancelled in the middle')
      const pieces: string[] = []
      let abortedAt = 0
      const call = under.slowVendor.generate(REQUEST, {
        signal: controller.signal,
        onText(delta) {
          pieces.push(delta)
          if (pieces.length === 2) {
            abortedAt = performance.now()
            controller.abort(reason)
          }
        },
      })
      await expect(call).rejects.toBe(reason)
      expect(performance.now() - abortedAt).toBeLessThan(PATIENCE_MS)
      expect(pieces).toHaveLength(2)
      if (under.noticedAbort) expect(await under.noticedAbort(1)).toBe(true)
    })

    it('answers several calls at the same time', async () => {
      const texts = await Promise.all(
        Array.from({ length: 8 }, () => under.vendor.generate(REQUEST, quietly())),
      )
      for (const { text } of texts) expect(text).toMatch(/^<response>.*<\/response>$/s)
    })
  })
}

export const quietly = () => ({ signal: new AbortController().signal, onText: () => undefined })
