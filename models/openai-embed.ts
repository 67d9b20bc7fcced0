import type { Billed, CallOptions, EmbedRequest, EmbedResult } from '../agent/models.ts'
import { type Connection, callOf, documentOf, wholeAnswer } from './openai-connection.ts'
import { NotAnAnswerError } from './openai-error.ts'
import { billOf, isRecord, sumOf } from './openai-usage.ts'
import { amongSent } from './several-requests.ts'

/**
 * OpenAI takes 2,048 texts and 300,000 tokens in one request; a token is rarely less than a unit. So many
 * vectors are 100 MB, and while they are parsed every other turn of the process stands still.
 */
const MOST_TEXTS = 256
const MOST_UNITS = 250_000

type Vector = readonly number[]

interface Part extends Billed {
  readonly vectors: readonly Vector[]
}

/** `POST /embeddings`, as often as the number of texts asks for. */
export async function embed(
  connection: Connection,
  request: EmbedRequest,
  { signal }: CallOptions,
): Promise<EmbedResult> {
  signal.throwIfAborted()
  const parts: Part[] = []
  for (const texts of batches(request.texts)) {
    const batch = embedBatch(connection, { ...request, texts }, signal)
    parts.push(await amongSent(parts.length > 0, batch))
  }
  return { vectors: parts.flatMap(({ vectors }) => vectors), ...sumOf(parts) }
}

function batches(texts: readonly string[]): readonly (readonly string[])[] {
  const all: string[][] = []
  let units = 0
  for (const text of texts) {
    const batch = all.at(-1)
    units += text.length
    if (batch && batch.length < MOST_TEXTS && units <= MOST_UNITS) batch.push(text)
    else {
      all.push([text])
      units = text.length
    }
  }
  return all
}

function embedBatch(
  connection: Connection,
  { model, texts, dimensions }: EmbedRequest,
  signal: AbortSignal,
): Promise<Part> {
  const call = callOf(connection, { model }, 'TEXT_EMBEDDING')
  // Empty texts are refused.
  const input = texts.map((text) => text || ' ')
  const body = {
    model,
    input,
    encoding_format: 'float' as const,
    ...(dimensions && { dimensions }),
  }
  return wholeAnswer(connection, { call, signal }, async (options) => {
    const document = await documentOf(connection.client.embeddings.create(body, options))
    const vectors = vectorsIn(document.data, texts.length)
    return { vectors, ...billOf(document.usage, connection.dialect) }
  })
}

/** In the order of the texts, which need not be the order of the answer. */
function vectorsIn(data: unknown, count: number): readonly Vector[] {
  const vectors: Vector[] = []
  for (const [position, item] of (Array.isArray(data) ? data : []).entries()) {
    const { index = position, embedding } = isRecord(item) ? item : {}
    if (isVector(embedding)) vectors[Number(index)] = embedding
  }
  const first = vectors[0]
  const isWhole =
    vectors.length === count &&
    Array.from(vectors).every((vector) => vector !== undefined && vector.length === first?.length)
  if (!isWhole) throw new NotAnAnswerError('a document without one vector per text')
  return vectors
}

const isVector = (value: unknown): value is Vector =>
  Array.isArray(value) && value.length > 0 && value.every(Number.isFinite)
