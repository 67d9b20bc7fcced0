import type { EmbedResult } from '../agent/models.ts'
import { callVendors, notOffered, type VendorCall, type VendorPorts } from './call-vendor.ts'

export interface EmbeddingCall
  extends Pick<
    VendorCall<EmbedResult>,
    'attempt' | 'step' | 'call' | 'agent' | 'subject' | 'signal' | 'deadlineAt'
  > {
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
    record: () => ({ text: null, finishReason: 'stop' }),
    restore: () => {
      throw new Error('A ledger row without a text was taken for a paid answer.') // `record` keeps none
    },
  })
  return result.vectors
}
