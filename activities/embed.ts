import type { EmbedResult } from '../agent/models.ts'
import {
  type CallPlace,
  callVendors,
  NOT_KEPT,
  notOffered,
  type VendorPorts,
} from './call-vendor.ts'

export interface EmbeddingCall extends CallPlace {
  readonly texts: readonly string[]
  readonly dimensions?: number
}

/** A vector per text. The ledger keeps none: a step that is repeated asks again. @throws {ModelError} */
export async function callEmbedding(
  ports: VendorPorts,
  { texts, dimensions, ...call }: EmbeddingCall,
): Promise<EmbedResult['vectors']> {
  const result = await callVendors<EmbedResult>(ports, {
    ...call,
    purpose: 'TEXT_EMBEDDING',
    input: () => texts.join('\n'),
    outputTokens: 0,
    async invoke(target, { signal }) {
      const { vendor, model } = target
      if (!vendor.embed) throw notOffered(target, 'TEXT_EMBEDDING')
      return vendor.embed({ model, texts, dimensions }, { signal })
    },
    ...NOT_KEPT,
  })
  return result.vectors
}
