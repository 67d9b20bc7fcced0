import type {
  CallOptions,
  EmbedRequest,
  EmbedResult,
  GenerateOptions,
  ModelPurpose,
  ModelRequest,
  ModelResult,
  ModelVendor,
} from '../agent/models.ts'
import { collectText } from './answer-text.ts'
import { readAnswer, usageOf } from './ollama-answer.ts'
import { ollamaClient } from './ollama-client.ts'
import { contextOf, factsOf, type ModelFacts, USUAL_CONTEXT } from './ollama-context.ts'
import { ollamaEndpoint } from './ollama-endpoint.ts'
import { ollamaError } from './ollama-error.ts'
import { chatRequest } from './ollama-request.ts'
import { type Patience, patienceFor } from './stall-watch.ts'
import type { EndpointSettings, VendorEndpoint } from './vendor-endpoint.ts'
import { vendorError } from './vendor-error.ts'
import { watchedCall, watchedStream } from './watched-stream.ts'

/** Limits of one call. */
export interface OllamaLimits extends Patience {
  /** In UTF-16 units. The rest is not read: the request is aborted and the result is `length`. */
  readonly maxAnswerLength: number
  /** Of one answer, on the wire. */
  readonly maxAnswerBytes: number
  /** Tokens of prompt and answer for which Ollama reserves memory; a prompt that needs more gets more. */
  readonly contextTokens: number
}

const LIMITS: OllamaLimits = {
  // The model may have to be loaded, and a long prompt be read by a CPU; a turn's deadline is 5 minutes.
  firstChunkMs: 180_000,
  nextChunkMs: 60_000,
  maxAnswerLength: 1_000_000,
  // A line per token has 20 times as many bytes as its text.
  maxAnswerBytes: 100_000_000,
  contextTokens: USUAL_CONTEXT,
}

interface Connection {
  readonly endpoint: VendorEndpoint
  readonly limits: OllamaLimits
  /** By model. */
  readonly facts: Map<string, ModelFacts>
}

/**
 * Ollama's own API, as only there the length of the context can be set.
 *
 * @throws {ModelError} `model_not_configured` when the address or the key cannot be used.
 */
export function createOllamaVendor(
  settings: EndpointSettings = {},
  limits: Partial<OllamaLimits> = {},
): ModelVendor {
  const endpoint = ollamaEndpoint(settings)
  const connection = { endpoint, limits: { ...LIMITS, ...limits }, facts: new Map() }
  return {
    name: 'ollama',
    generate: (request, options) => generate(connection, request, options),
    embed: (request, options) => embed(connection, request, options),
  }
}

const clientOf = ({ endpoint, limits }: Connection, signal: AbortSignal) =>
  ollamaClient(endpoint, signal, limits.maxAnswerBytes)

const termsOf = (
  { endpoint, limits }: Connection,
  { model, purpose }: { readonly model: string; readonly purpose: ModelPurpose },
  { signal: caller }: CallOptions,
) => {
  const call = { endpoint, model, purpose }
  const patience = patienceFor(purpose, limits)
  return { call, caller, patience, errorOf: (error: unknown) => ollamaError(error, call) }
}

async function generate(
  connection: Connection,
  request: ModelRequest,
  options: GenerateOptions,
): Promise<ModelResult> {
  const terms = termsOf(connection, request, options)
  const text = collectText(connection.limits.maxAnswerLength, options.onText)
  const answer = readAnswer(text, connection.limits.maxAnswerLength)
  const lines = watchedStream(async (signal) => {
    const client = clientOf(connection, signal)
    const facts = await factsAbout(connection, request.model, signal)
    const context = contextOf(request, facts, connection.limits.contextTokens)
    return client.chat(chatRequest(request, context, terms.call))
  }, terms)
  for await (const line of lines) {
    answer.push(line)
    if (answer.isCut()) break
  }
  return answer.result()
}

async function factsAbout(
  connection: Connection,
  model: string,
  signal: AbortSignal,
): Promise<ModelFacts> {
  const { facts } = connection
  const known = facts.get(model) ?? factsOf(await clientOf(connection, signal).show({ model }))
  facts.set(model, known)
  return known
}

async function embed(
  connection: Connection,
  { model, texts, dimensions }: EmbedRequest,
  options: CallOptions,
): Promise<EmbedResult> {
  if (texts.length === 0) return { vectors: [], cost: null }
  const terms = termsOf(connection, { model, purpose: 'TEXT_EMBEDDING' }, options)
  const input = [...texts]
  const answer = await watchedCall(
    (signal) =>
      clientOf(connection, signal).embed({ model, input, ...(dimensions && { dimensions }) }),
    terms,
  )
  const { embeddings: vectors = [] } = answer
  if (vectors.length !== texts.length) {
    const got = `${vectors.length} vectors for ${texts.length} texts`
    throw vendorError({ kind: 'not-an-answer', got }, terms.call)
  }
  const usage = usageOf(answer)
  return { vectors, cost: null, ...(usage && { usage }) }
}
