import type { EmbedContentResponse, GoogleGenAI } from '@google/genai/web'
import type { CallOptions, EmbedRequest, EmbedResult } from '../agent/models.ts'
import { checkedUsage, sumOfCounts } from './checked-usage.ts'
import { amongSent } from './several-requests.ts'
import { type VendorCall, vendorError } from './vendor-error.ts'
import { watchedCall } from './watched-stream.ts'

/** Google answers 400 to more in one request. */
const BATCH = 100

export async function embed(
  client: GoogleGenAI,
  { model, texts, dimensions }: EmbedRequest,
  terms: Omit<Parameters<typeof watchedCall>[1], 'caller'>,
  { signal: caller }: CallOptions,
): Promise<EmbedResult> {
  const vectors: (readonly number[])[] = []
  const counts: unknown[] = []
  for (let from = 0; from < texts.length; from += BATCH) {
    // Whole contents: of bare strings the client makes one, for some models.
    const contents = texts.slice(from, from + BATCH).map((text) => ({ parts: [{ text }] }))
    const ask = (signal: AbortSignal) => {
      const size = dimensions !== undefined && { outputDimensionality: dimensions }
      return client.models.embedContent({
        ...{ model, contents, config: { abortSignal: signal, ...size } },
      })
    }
    const answer = await amongSent(from > 0, watchedCall(ask, { ...terms, caller }))
    vectors.push(...vectorsOf(answer, contents.length, terms.call))
    counts.push(answer.usageMetadata?.promptTokenCount)
  }
  const usage = checkedUsage({ inputTokens: sumOfCounts(counts), outputTokens: 0 })
  return { vectors, cost: null, ...(usage && { usage }) }
}

function vectorsOf(
  { embeddings = [] }: EmbedContentResponse,
  count: number,
  call: VendorCall,
): readonly (readonly number[])[] {
  const vectors = embeddings.map(({ values = [] }) => values)
  const length = vectors[0]?.length ?? 0
  const isWhole = vectors.length === count && vectors.every((one) => one.length === length)
  if (isWhole && length > 0) return vectors
  throw vendorError(
    { kind: 'not-an-answer', got: `${vectors.length} vectors for ${count} texts` },
    call,
  )
}
