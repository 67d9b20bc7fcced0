import type { EmbedContentResponse, GoogleGenAI } from '@google/genai/web'
import type { CallOptions, EmbedRequest, EmbedResult } from '../agent/models.ts'
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
  let inputTokens = 0
  for (let from = 0; from < texts.length; from += BATCH) {
    // Whole contents: of bare strings the client makes one, for some models.
    const contents = texts.slice(from, from + BATCH).map((text) => ({ parts: [{ text }] }))
    const answer = await watchedCall(
      (signal) =>
        client.models.embedContent({
          model,
          contents,
          config: {
            abortSignal: signal,
            ...(dimensions !== undefined && { outputDimensionality: dimensions }),
          },
        }),
      { ...terms, caller },
    )
    vectors.push(...vectorsOf(answer, contents.length, terms.call))
    // One batch without a count, and the sum is unknown.
    inputTokens += answer.usageMetadata?.promptTokenCount ?? Number.NaN
  }
  const isCounted = inputTokens > 0
  return { vectors, cost: null, ...(isCounted && { usage: { inputTokens, outputTokens: 0 } }) }
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
