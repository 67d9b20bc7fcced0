import type { DrawRequest, DrawResult } from '../agent/models.ts'
import { type CallPlace, callVendors, notOffered, type VendorPorts } from './call-vendor.ts'

export interface DrawingCall extends CallPlace {
  readonly drawing: Omit<DrawRequest, 'model'>
}

/** Pictures in the ledger are kept up to this length, in UTF-16 units: addresses are, `data:` URLs are not. */
const MAX_KEPT = 10_000

/**
 * What a picture may have: about 7,000 in the highest quality that vendors choose by themselves (public
 * reports), and more when it is large. None of them takes a cap.
 */
const TOKENS_PER_PICTURE = 10_000

/** Pictures of a description. @throws {ModelError} */
export async function callDrawing(
  ports: VendorPorts,
  { drawing, ...call }: DrawingCall,
): Promise<DrawResult['images']> {
  const { prompt, count = 1 } = drawing
  const result = await callVendors<DrawResult>(ports, {
    ...call,
    purpose: 'IMAGE',
    input: () => prompt,
    // Some draw one at a time, and read the prompt for each.
    inputExtra: ({ card }) => (count - 1) * card.countTokens(prompt),
    outputTokens: count * TOKENS_PER_PICTURE,
    async invoke(target, { signal }) {
      const { vendor, model } = target
      if (!vendor.draw) throw notOffered(target, 'IMAGE')
      return vendor.draw({ ...drawing, model }, { signal })
    },
    record({ images }) {
      const text = JSON.stringify(images)
      return { text: text.length <= MAX_KEPT ? text : null, finishReason: 'stop' }
    },
    // Written by `record`.
    restore: ({ text }) => ({ images: JSON.parse(text) as DrawResult['images'], cost: null }),
  })
  return result.images
}
