import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { ModelVendor } from '../../agent/models.ts'
import { KEY, quietly, REQUEST } from './conformance-request.ts'
import { describeFailures } from './vendor-conformance-failures.ts'
import { describeMedia } from './vendor-conformance-media.ts'
import { describeRequest } from './vendor-conformance-request.ts'
import { describeStream } from './vendor-conformance-stream.ts'
import type { StubVendor, VendorSubject } from './vendor-under-test.ts'

export { PROMPT, quietly, REQUEST } from './conformance-request.ts'

/** A vendor, and how the suite watches it. */
export interface VendorUnderTest {
  readonly vendor: ModelVendor
  /** A vendor whose answers come in several pieces. */
  readonly slowVendor: ModelVendor
  /** A vendor that says one piece of each answer and then keeps it waiting for minutes. */
  readonly stuckVendor: ModelVendor
  /** Resolves once the side of `stuckVendor` has noticed that the `n`th call was aborted. */
  readonly noticedAbort?: (n: number) => Promise<boolean>
  readonly close: () => Promise<void>
}

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

    it('ends with the reason of a signal that is aborted in the middle, without another piece', async () => {
      const controller = new AbortController()
      const reason = new Error('cancelled in the middle')
      const pieces: string[] = []
      const call = under.slowVendor.generate(REQUEST, {
        signal: controller.signal,
        onText(delta) {
          pieces.push(delta)
          if (pieces.length === 2) controller.abort(reason)
        },
      })
      await expect(call).rejects.toBe(reason)
      expect(pieces).toHaveLength(2)
    })

    it('waits for no further piece when its signal is aborted', async () => {
      const controller = new AbortController()
      const reason = new Error('cancelled while the vendor is silent')
      const onText = () => void setImmediate(() => controller.abort(reason))
      const call = under.stuckVendor.generate(REQUEST, { signal: controller.signal, onText })
      await expect(call).rejects.toBe(reason)
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

const WORDS = '<response><actions>REPLY</actions><text>One word after the other.</text></response>'

/** All that is expected of a vendor file whose vendor is reached over a wire. */
export function describeVendorOnWire(subject: VendorSubject): void {
  const { name, create, start, model } = subject
  describeVendor(name, async () => {
    const [stub, slow, stuck] = await Promise.all([start(), start(), start()])
    const chunks = WORDS.match(/.{1,8}/g) ?? []
    slow.answer({ kind: 'text', chunks, pauseMs: 20 })
    stuck.answer({ kind: 'text', chunks: chunks.slice(0, 1), ending: 'silence' })
    const vendorOf = ({ baseUrl }: StubVendor) => withModel(create({ baseUrl, apiKey: KEY }), model)
    return {
      vendor: vendorOf(stub),
      slowVendor: vendorOf(slow),
      stuckVendor: vendorOf(stuck),
      noticedAbort: async (n) => (await stuck.ended(n)).state === 'aborted',
      close: async () => {
        await Promise.all([stub, slow, stuck].map((each) => each.close()))
      },
    }
  })
  describeStream(subject)
  describeFailures(subject)
  describeRequest(subject)
  describeMedia(subject)
}

const withModel = (vendor: ModelVendor, model: string): ModelVendor => ({
  ...vendor,
  generate: (request, options) => vendor.generate({ ...request, model }, options),
})
